// Which exchange proposed which path, with what value.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (e:Exchange {taxonomy: $taxonomy, id: row.exchange})
USING INDEX e:Exchange(taxonomy, id)
MATCH (p:Proposal {taxonomy: $taxonomy, id: row.proposal})
USING INDEX p:Proposal(taxonomy, id)
MERGE (e)-[:PROPOSES {value: row.value}]->(p)
