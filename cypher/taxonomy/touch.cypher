// Show that an import is still being worked at.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
SET t.touched = timestamp()
