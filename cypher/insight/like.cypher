// What is near in meaning to a unit vector, by an exact scan: values by their own vectors, and attributes by that of
// their path. $within, where given, are the only attributes looked at. The cosine follows from the Euclidean
// similarity.
// access: read
// params: taxonomy, vector, like, within
// returns: attribute, value, similarity
CYPHER 5
CALL () {
  MATCH (a:Attribute {taxonomy: $taxonomy})
  WHERE a.embedding IS NOT NULL AND ($within IS NULL OR a.id IN $within)
  WITH a, 1.5 - 0.5 / vector.similarity.euclidean(a.embedding, $vector) AS similarity
  WHERE similarity >= $like
  RETURN a.id AS attribute, null AS value, similarity
  UNION ALL
  MATCH (v:Value {taxonomy: $taxonomy})
  WHERE v.embedding IS NOT NULL
  WITH v, 1.5 - 0.5 / vector.similarity.euclidean(v.embedding, $vector) AS similarity
  WHERE similarity >= $like
  MATCH (a:Attribute)-[:ADMITS]->(v)
  WHERE $within IS NULL OR a.id IN $within
  RETURN a.id AS attribute, v.text AS value, similarity
}
RETURN attribute, value, similarity
ORDER BY similarity DESC, attribute, value
