// Let values imply others.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (own:Value {taxonomy: $taxonomy, id: row.value})
USING INDEX own:Value(taxonomy, id)
UNWIND row.values AS implied
MATCH (v:Value {taxonomy: $taxonomy, id: implied})
USING INDEX v:Value(taxonomy, id)
CREATE (own)-[:IMPLIES]->(v)
