// Let exchanges evidence attributes.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (e:Exchange {taxonomy: $taxonomy, id: row.exchange})
USING INDEX e:Exchange(taxonomy, id)
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
MERGE (e)-[:EVIDENCES {value: row.value}]->(a)
