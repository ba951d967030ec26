// Leave an import that did not come to its end, for the next one to clear away.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy, state: 'importing'})
SET t.touched = 0
