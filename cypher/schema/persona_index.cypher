// One persona a place in its population.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT persona_index IF NOT EXISTS FOR (p:Persona) REQUIRE (p.population, p.index) IS UNIQUE
