// When a taxonomy was imported.
// access: read
// params: taxonomy
// returns: created
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
RETURN toString(t.created) AS created
