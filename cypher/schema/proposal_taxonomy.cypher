// Proposals of a taxonomy.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX proposal_taxonomy IF NOT EXISTS FOR (n:Proposal) ON (n.taxonomy)
