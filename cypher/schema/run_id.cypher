// One run an id.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT run_id IF NOT EXISTS FOR (r:Run) REQUIRE r.id IS UNIQUE
