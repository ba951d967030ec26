// Hang attributes under their parents.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (parent:Attribute {taxonomy: $taxonomy, id: row.parent})
MATCH (child:Attribute {taxonomy: $taxonomy, id: row.child})
CREATE (parent)-[:HAS_CHILD]->(child)
