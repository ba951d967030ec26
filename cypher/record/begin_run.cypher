// The first people of a run are being made.
// access: write
// params: id
// returns: none
CYPHER 5
MATCH (r:Run {id: $id})
SET r.begun = true
