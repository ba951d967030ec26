// Create attributes with their properties.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
CREATE (a:Attribute {taxonomy: $taxonomy, id: row.id})
SET a += row.properties
