// Store the vectors of attributes' paths, as 32-bit floats.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.id})
USING INDEX a:Attribute(taxonomy, id)
CALL db.create.setNodeVectorProperty(a, 'embedding', row.embedding)
