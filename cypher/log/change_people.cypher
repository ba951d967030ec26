// Set properties of personas.
// access: write
// params: rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (p:Persona {id: row.id})
SET p += row.properties
