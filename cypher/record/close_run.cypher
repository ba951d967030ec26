// End a run: finished, interrupted or failed.
// access: write
// params: id, state
// returns: none
CYPHER 5
MATCH (r:Run {id: $id})
SET r.state = $state, r.finished = datetime()
