// What attributes and values require, grouped by the attribute whose values are required.
// access: read
// params: taxonomy
// returns: owner, attribute, values
CYPHER 5
CALL () {
  MATCH (owner:Attribute {taxonomy: $taxonomy})-[:REQUIRES]->(v:Value) RETURN owner.id AS owner, v
  UNION ALL
  MATCH (owner:Value {taxonomy: $taxonomy})-[:REQUIRES]->(v:Value) RETURN owner.id AS owner, v
}
MATCH (v)<-[:ADMITS]-(a:Attribute)
RETURN owner, a.id AS attribute, collect(v.id) AS values
