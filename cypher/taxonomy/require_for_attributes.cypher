// Let attributes apply only beside given values.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
UNWIND row.values AS required
MATCH (v:Value {taxonomy: $taxonomy, id: required})
USING INDEX v:Value(taxonomy, id)
CREATE (a)-[:REQUIRES]->(v)
