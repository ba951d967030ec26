// One decision an id within its taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT decision_id IF NOT EXISTS FOR (d:Decision) REQUIRE (d.taxonomy, d.id) IS UNIQUE
