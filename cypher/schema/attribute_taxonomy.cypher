// Attributes of a taxonomy, those made by hand included.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX attribute_taxonomy IF NOT EXISTS FOR (a:Attribute) ON (a.taxonomy)
