// Record the model that a taxonomy's vectors come from; null while they are being made anew.
// access: write
// params: taxonomy, model, dimensions
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy, state: 'ready'})
SET t.embedding_model = $model, t.dimensions = $dimensions
