// Decisions of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX decision_taxonomy IF NOT EXISTS FOR (n:Decision) ON (n.taxonomy)
