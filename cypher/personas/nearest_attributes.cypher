// The attributes with values of their own whose path is nearest to each of several unit vectors, nearest first.
// access: read
// params: taxonomy, vectors, limit
// returns: place, ids
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.embedding IS NOT NULL AND a.value_type IS NOT NULL AND a.core IS NULL AND NOT coalesce(a.retired, false)
WITH collect({id: a.id, embedding: a.embedding}) AS attributes
UNWIND range(0, size($vectors) - 1) AS place
CALL (attributes, place) {
  UNWIND attributes AS a
  WITH a.id AS id, vector.similarity.euclidean(a.embedding, $vectors[place]) AS closeness
  ORDER BY closeness DESC, id LIMIT $limit
  RETURN collect(id) AS ids
}
RETURN place, ids
ORDER BY place
