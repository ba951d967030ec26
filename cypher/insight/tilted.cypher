// The values of attributes that have a vector.
// access: read
// params: taxonomy, attributes
// returns: attribute, values
CYPHER 5
UNWIND $attributes AS id
MATCH (a:Attribute {taxonomy: $taxonomy, id: id})-[:ADMITS]->(v:Value)
USING INDEX a:Attribute(taxonomy, id)
WHERE v.embedding IS NOT NULL
RETURN id AS attribute, collect(v.text) AS values
