// Values of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX value_taxonomy IF NOT EXISTS FOR (v:Value) ON (v.taxonomy)
