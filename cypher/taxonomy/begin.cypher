// Open a taxonomy for import, unless another process was first; readers do not see it before it is finished.
// access: write
// params: taxonomy, owner, model, dimensions
// returns: ours
CYPHER 5
MERGE (t:Taxonomy {name: $taxonomy})
ON CREATE SET t.owner = $owner, t.state = 'importing', t.touched = timestamp(), t.version = 0,
              t.created = datetime(), t.embedding_model = $model, t.dimensions = $dimensions
RETURN t.owner = $owner AS ours
