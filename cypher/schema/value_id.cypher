// One value an id within its taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT value_id IF NOT EXISTS FOR (v:Value) REQUIRE (v.taxonomy, v.id) IS UNIQUE
