// Nothing; for what the server tells of itself beside the answer.
// access: read
// params: none
// returns: nothing
CYPHER 5
RETURN null AS nothing
