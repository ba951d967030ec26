// Remove attributes that no evidence stands behind any more, with their values.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row})
USING INDEX a:Attribute(taxonomy, id)
OPTIONAL MATCH (a)-[:ADMITS]->(v:Value)
DETACH DELETE v, a
