// Hang attributes under other parents.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.child})
USING INDEX a:Attribute(taxonomy, id)
MATCH (parent:Attribute {taxonomy: $taxonomy, id: row.parent})
USING INDEX parent:Attribute(taxonomy, id)
OPTIONAL MATCH (a)<-[old:HAS_CHILD]-()
DELETE old
MERGE (parent)-[:HAS_CHILD]->(a)
