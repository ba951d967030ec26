// Exchanges of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX exchange_taxonomy IF NOT EXISTS FOR (n:Exchange) ON (n.taxonomy)
