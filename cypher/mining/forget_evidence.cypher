// Let exchanges no longer evidence attributes.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (e:Exchange {taxonomy: $taxonomy, id: row.exchange})
USING INDEX e:Exchange(taxonomy, id)
MATCH (e)-[r:EVIDENCES {value: row.value}]->(:Attribute {taxonomy: $taxonomy, id: row.attribute})
DELETE r
