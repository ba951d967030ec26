// One change a version of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT change_version IF NOT EXISTS FOR (c:Change) REQUIRE (c.taxonomy, c.version) IS UNIQUE
