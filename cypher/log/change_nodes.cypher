// Set properties of attributes and values; null takes one away.
// access: write
// params: taxonomy, attributes, values
// returns: none
CYPHER 5
CALL () {
  UNWIND $attributes AS row
  MATCH (n:Attribute {taxonomy: $taxonomy, id: row.id})
  USING INDEX n:Attribute(taxonomy, id)
  RETURN n, row
  UNION ALL
  UNWIND $values AS row
  MATCH (n:Value {taxonomy: $taxonomy, id: row.id})
  USING INDEX n:Value(taxonomy, id)
  RETURN n, row
}
SET n += row.properties
