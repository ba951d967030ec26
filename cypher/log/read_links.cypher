// All edges of a taxonomy's attributes and values, those from personas aside: by kind and start, with the ends.
// access: read
// params: taxonomy
// returns: kind, start, from, ends
CYPHER 5
CALL () {
  MATCH (s:Attribute {taxonomy: $taxonomy})-[r:HAS_CHILD|ADMITS|REQUIRES]->(e:Attribute|Value {taxonomy: $taxonomy})
  WHERE s.id IS NOT NULL AND e.id IS NOT NULL
  RETURN 'attribute' AS start, s, r, e
  UNION ALL
  MATCH (s:Value {taxonomy: $taxonomy})-[r:REQUIRES|EXCLUDES|IMPLIES]->(e:Attribute|Value {taxonomy: $taxonomy})
  WHERE s.id IS NOT NULL AND e.id IS NOT NULL
  RETURN 'value' AS start, s, r, e
  UNION ALL
  MATCH (:Attribute {taxonomy: $taxonomy})-[r:DECIDED]->(e:Decision)
  RETURN 'attribute' AS start, startNode(r) AS s, r, e
  UNION ALL
  MATCH (s:Exchange {taxonomy: $taxonomy})-[r:EVIDENCES]->(e:Attribute)
  RETURN 'exchange' AS start, s, r, e
  UNION ALL
  MATCH (s:Proposal {taxonomy: $taxonomy})-[r:BECAME]->(e:Attribute)
  RETURN 'proposal' AS start, s, r, e
}
WITH type(r) AS kind, start, s.id AS from,
  collect([CASE WHEN e:Attribute THEN 'attribute' WHEN e:Value THEN 'value' ELSE 'decision' END, e.id,
    CASE WHEN size(keys(r)) > 0 THEN properties(r) END]) AS ends
RETURN kind, start, from, ends
