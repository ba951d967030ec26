// Open a taxonomy for import, or take over an import that was cut off a minute ago or more; readers do not see
// it before it is finished. Setting the lock first makes two who begin at once wait for each other.
// access: write
// params: taxonomy, owner, model, dimensions
// returns: ours
CYPHER 5
MERGE (t:Taxonomy {name: $taxonomy})
ON CREATE SET t.state = 'importing', t.touched = 0
SET t.lock = $owner
WITH t
WHERE t.state = 'importing' AND timestamp() - t.touched >= 60000
SET t.touched = timestamp(), t.version = 0, t.created = datetime(), t.embedding_model = $model,
    t.dimensions = $dimensions
RETURN count(t) = 1 AS ours
