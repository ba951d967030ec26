// Store the vectors of attributes' names, as 32-bit floats, with the name each was made from.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.id})
USING INDEX a:Attribute(taxonomy, id)
SET a.name_embedded = row.name
WITH a, row
CALL db.create.setNodeVectorProperty(a, 'name_embedding', row.embedding)
