// One proposal an id within its taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT proposal_id IF NOT EXISTS FOR (p:Proposal) REQUIRE (p.taxonomy, p.id) IS UNIQUE
