// Remove a taxonomy's own node, its log and its recorded states.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
OPTIONAL MATCH (t:Taxonomy {name: $taxonomy})
OPTIONAL MATCH (c:Change|Snapshot {taxonomy: $taxonomy})
DETACH DELETE t, c
