// One taxonomy a name.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT taxonomy_name IF NOT EXISTS FOR (t:Taxonomy) REQUIRE t.name IS UNIQUE
