// Record what a change did, compressed.
// access: write
// params: taxonomy, version, before
// returns: none
CYPHER 5
MATCH (c:Change {taxonomy: $taxonomy, version: $version})
SET c.before = $before
