// The names of the taxonomies that are ready.
// access: read
// params: none
// returns: name
CYPHER 5
MATCH (t:Taxonomy {state: 'ready'})
RETURN t.name AS name ORDER BY name
