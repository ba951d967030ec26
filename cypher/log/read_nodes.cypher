// All attributes and values of a taxonomy with the properties that were set, those that follow from others aside.
// access: read
// params: taxonomy, without
// returns: kind, nodes
CYPHER 5
CALL () {
  MATCH (n:Attribute {taxonomy: $taxonomy}) WHERE n.id IS NOT NULL
  RETURN 'attribute' AS kind, n
  UNION ALL
  MATCH (n:Value {taxonomy: $taxonomy}) WHERE n.id IS NOT NULL
  RETURN 'value' AS kind, n
}
WITH kind, [n.id, [k IN keys(n) WHERE NOT k IN $without], [k IN keys(n) WHERE NOT k IN $without | n[k]]] AS node
RETURN kind, collect(node) AS nodes
