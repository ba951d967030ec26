// Take exchanges in, with how they were classified (DeepPersona, Figure 6).
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MERGE (e:Exchange {taxonomy: $taxonomy, id: row.id})
SET e += row.properties
