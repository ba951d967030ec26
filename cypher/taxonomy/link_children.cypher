// Hang attributes under their parents.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (parent:Attribute {taxonomy: $taxonomy, id: row.parent})
USING INDEX parent:Attribute(taxonomy, id)
MATCH (child:Attribute {taxonomy: $taxonomy, id: row.child})
USING INDEX child:Attribute(taxonomy, id)
CREATE (parent)-[:HAS_CHILD]->(child)
