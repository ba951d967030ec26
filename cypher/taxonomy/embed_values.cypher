// Store the vectors of values, as 32-bit floats.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (v:Value {taxonomy: $taxonomy, id: row.id})
USING INDEX v:Value(taxonomy, id)
CALL db.create.setNodeVectorProperty(v, 'embedding', row.embedding)
