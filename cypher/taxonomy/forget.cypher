// Remove a taxonomy's own node and its log.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
OPTIONAL MATCH (t:Taxonomy {name: $taxonomy})
OPTIONAL MATCH (c:Change {taxonomy: $taxonomy})
DETACH DELETE t, c
