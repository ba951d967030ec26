// Pairs whose names are alike within groups of siblings: the raw cosine of unit vectors, which follows from the
// Euclidean similarity. A group has attributes by id, whose stored vectors are read once, and names that are not in
// the graph, with their vectors. Two stored attributes are compared only where $among says so.
// access: read
// params: taxonomy, groups, threshold, among
// returns: group, one, other, similarity
CYPHER 5
UNWIND range(0, size($groups) - 1) AS n
WITH n, $groups[n] AS group
CALL (group) {
  UNWIND group.ids AS id
  MATCH (a:Attribute {taxonomy: $taxonomy, id: id})
  USING INDEX a:Attribute(taxonomy, id)
  WITH a ORDER BY a.id
  RETURN collect([a.id, a.name_embedding]) AS stored
}
WITH n, size(group.fresh) AS fresh, group.fresh + stored AS names
UNWIND range(0, CASE WHEN $among THEN size(names) ELSE fresh END - 1) AS i
WITH n, names, i, names[i][0] AS one, names[i][1] AS vector
UNWIND range(i + 1, size(names) - 1) AS j
WITH n, one, names[j][0] AS other, 1.5 - 0.5 / vector.similarity.euclidean(vector, names[j][1]) AS similarity
WHERE similarity >= $threshold
RETURN n AS group, one, other, similarity
