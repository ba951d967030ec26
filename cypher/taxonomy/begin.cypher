// Open a taxonomy for import; readers do not see it before it is finished.
// access: write
// params: taxonomy, model, dimensions
// returns: none
CYPHER 5
CREATE (:Taxonomy {
  name: $taxonomy, state: 'importing', touched: timestamp(), version: 0, created: datetime(),
  embedding_model: $model, dimensions: $dimensions
})
