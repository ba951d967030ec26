// Attributes by name.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX attribute_name IF NOT EXISTS FOR (a:Attribute) ON (a.taxonomy, a.name)
