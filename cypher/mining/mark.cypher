// Set what mining says of attributes: name, other names, the paths they stand for, and what it left them as.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.id})
USING INDEX a:Attribute(taxonomy, id)
SET a += row.properties
