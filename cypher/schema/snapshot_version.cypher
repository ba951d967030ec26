// One recorded state a version of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT snapshot_version IF NOT EXISTS FOR (s:Snapshot) REQUIRE (s.taxonomy, s.version) IS UNIQUE
