// Remove attributes and values with all that hangs on them.
// access: write
// params: taxonomy, attributes, values
// returns: none
CYPHER 5
CALL () {
  UNWIND $values AS identity
  MATCH (n:Value {taxonomy: $taxonomy, id: identity})
  USING INDEX n:Value(taxonomy, id)
  RETURN n
  UNION ALL
  UNWIND $attributes AS identity
  MATCH (n:Attribute {taxonomy: $taxonomy, id: identity})
  USING INDEX n:Attribute(taxonomy, id)
  RETURN n
}
DETACH DELETE n
