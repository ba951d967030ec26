// A taxonomy that is ready: its version, and the model its vectors come from.
// access: read
// params: taxonomy
// returns: version, embedding_model, dimensions, origin
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy, state: 'ready'})
RETURN t.version AS version, t.embedding_model AS embedding_model, t.dimensions AS dimensions, t.origin AS origin
