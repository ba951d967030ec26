// One persona an id.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT persona_id IF NOT EXISTS FOR (p:Persona) REQUIRE p.id IS UNIQUE
