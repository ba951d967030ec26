// One population a name.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT population_name IF NOT EXISTS FOR (p:Population) REQUIRE p.name IS UNIQUE
