// Take away what hangs below a taxonomy without being of it: nodes that nobody took in, and edges to nodes of others.
// access: write
// params: taxonomy
// returns: nodes, edges
CYPHER 5
CALL () {
  MATCH (:Attribute {taxonomy: $taxonomy})-[r:HAS_CHILD|ADMITS]->(n)
  WHERE n.taxonomy <> $taxonomy OR (type(r) = 'HAS_CHILD' AND NOT n:Attribute) OR (type(r) = 'ADMITS' AND NOT n:Value)
  DELETE r
  RETURN count(*) AS edges
}
CALL () {
  MATCH (:Attribute {taxonomy: $taxonomy})-[:HAS_CHILD*0..12]->()-[:HAS_CHILD|ADMITS]->(n:Attribute|Value)
  WHERE n.taxonomy IS NULL OR n.id IS NULL
  RETURN n
  UNION
  MATCH (n:Attribute|Value {taxonomy: $taxonomy}) WHERE n.id IS NULL
  RETURN n
}
CALL (n) {
  DETACH DELETE n
}
RETURN count(*) AS nodes, max(edges) AS edges
