// Let values lose their vectors; rows are ids.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (v:Value {taxonomy: $taxonomy, id: row})
USING INDEX v:Value(taxonomy, id)
REMOVE v.embedding
