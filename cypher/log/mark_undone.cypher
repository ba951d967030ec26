// Mark an entry of the log as undone, or as done again.
// access: write
// params: taxonomy, version, undone
// returns: none
CYPHER 5
MATCH (c:Change {taxonomy: $taxonomy, version: $version})
SET c.undone = $undone
