// The vectors of attributes and of their values.
// access: read
// params: taxonomy, attributes
// returns: kind, id, embedding, name, name_embedding
CYPHER 5
UNWIND $attributes AS identity
MATCH (a:Attribute {taxonomy: $taxonomy, id: identity})
USING INDEX a:Attribute(taxonomy, id)
CALL (a) {
  RETURN 'attribute' AS kind, a AS n
  UNION ALL
  MATCH (a)-[:ADMITS]->(v:Value)
  RETURN 'value' AS kind, v AS n
}
WITH kind, n WHERE n.embedding IS NOT NULL OR n.name_embedding IS NOT NULL
RETURN kind, n.id AS id, n.embedding AS embedding, n.name_embedded AS name, n.name_embedding AS name_embedding
