// Let values apply only beside given values of other attributes.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (own:Value {taxonomy: $taxonomy, id: row.value})
USING INDEX own:Value(taxonomy, id)
UNWIND row.values AS required
MATCH (v:Value {taxonomy: $taxonomy, id: required})
USING INDEX v:Value(taxonomy, id)
CREATE (own)-[:REQUIRES]->(v)
