// Give values the key of the text they have now.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (v:Value {taxonomy: $taxonomy, id: row.id})
USING INDEX v:Value(taxonomy, id)
SET v.key = row.key
