// Record the whole state of a taxonomy at a version.
// access: write
// params: taxonomy, version, state
// returns: none
CYPHER 5
MERGE (s:Snapshot {taxonomy: $taxonomy, version: $version})
SET s.state = $state, s.time = datetime()
