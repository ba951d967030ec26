// One exchange an id within its taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT exchange_id IF NOT EXISTS FOR (e:Exchange) REQUIRE (e.taxonomy, e.id) IS UNIQUE
