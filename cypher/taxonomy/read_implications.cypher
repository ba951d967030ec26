// What values imply, grouped by the attribute whose values are implied.
// access: read
// params: taxonomy
// returns: owner, attribute, values
CYPHER 5
MATCH (owner:Value {taxonomy: $taxonomy})-[:IMPLIES]->(v:Value)<-[:ADMITS]-(a:Attribute)
RETURN owner.id AS owner, a.id AS attribute, collect(v.id) AS values
