// Every attribute that is of the taxonomy or hangs below one that is, with its parents and its value space.
// access: read
// params: taxonomy
// returns: node, attribute, parents, values
CYPHER 5
CALL () {
  MATCH (a:Attribute {taxonomy: $taxonomy}) RETURN a
  UNION
  MATCH (:Attribute {taxonomy: $taxonomy})-[:HAS_CHILD*1..12]->(a:Attribute) WHERE a.taxonomy IS NULL RETURN a
}
RETURN elementId(a) AS node,
  a {.id, .name, .path, .value_type, .draw, .taxonomy, .core, .minimum, .maximum,
    embedded: a.embedding IS NOT NULL} AS attribute,
  [(parent:Attribute)-[:HAS_CHILD]->(a) | elementId(parent)] AS parents,
  CASE WHEN EXISTS { (a)-[:ADMITS]->(v:Value) WHERE v.id IS NULL OR v.taxonomy IS NULL OR v.key IS NULL } THEN
    [(a)-[:ADMITS]->(v:Value) |
      v {.id, .text, .rank, .weight, node: elementId(v), known: v.taxonomy IS NOT NULL AND v.key IS NOT NULL}]
    ELSE [] END AS values
