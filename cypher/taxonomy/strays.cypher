// Nodes that hang under a taxonomy's attributes and cannot be part of it, each with the reason.
// access: read
// params: taxonomy
// returns: above, name, reason
CYPHER 5
CALL () {
  MATCH (a:Attribute {taxonomy: $taxonomy}) RETURN a
  UNION
  MATCH (:Attribute {taxonomy: $taxonomy})-[:HAS_CHILD*1..12]->(a:Attribute) WHERE a.taxonomy IS NULL RETURN a
}
CALL (a) {
  MATCH (a)-[:HAS_CHILD]->(c) WHERE NOT c:Attribute
  RETURN c.name AS name, 'lacks the label Attribute; SET it, or remove the HAS_CHILD edge' AS reason
  UNION
  MATCH (a)-[:HAS_CHILD]->(c:Attribute) WHERE c.taxonomy <> $taxonomy
  RETURN c.name AS name, 'is of another taxonomy, ' + c.taxonomy + '; remove the HAS_CHILD edge' AS reason
  UNION
  MATCH (a)-[:ADMITS]->(v) WHERE NOT v:Value
  RETURN v.text AS name, 'lacks the label Value; SET it, or remove the ADMITS edge' AS reason
  UNION
  MATCH (a)-[:ADMITS]->(v:Value) WHERE COUNT { (v)<-[:ADMITS]-() } > 1 OR v.taxonomy <> $taxonomy
  RETURN v.text AS name, 'is a value of another attribute too; remove one ADMITS edge' AS reason
}
RETURN a.name AS above, name, reason LIMIT 3
