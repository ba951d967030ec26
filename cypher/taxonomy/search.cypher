// The attributes whose path is nearest to a unit vector; the cosine follows from the Euclidean similarity.
// access: read
// params: taxonomy, vector, limit
// returns: id, path, similarity
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.embedding IS NOT NULL AND NOT coalesce(a.retired, false)
WITH a, 1.5 - 0.5 / vector.similarity.euclidean(a.embedding, $vector) AS similarity
ORDER BY similarity DESC, a.id LIMIT $limit
RETURN a.id AS id, a.path AS path, similarity
