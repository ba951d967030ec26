// Personas by name.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE INDEX persona_name IF NOT EXISTS FOR (p:Persona) ON (p.name)
