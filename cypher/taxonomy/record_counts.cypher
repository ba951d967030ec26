// Record the counts of a survey, for the next one to compare with.
// access: write
// params: taxonomy, counts
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
SET t.counts = $counts
