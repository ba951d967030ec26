// One attribute an id within its taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT attribute_id IF NOT EXISTS FOR (a:Attribute) REQUIRE (a.taxonomy, a.id) IS UNIQUE
