// The ids of a population's personas in order of index.
// access: read
// params: population
// returns: id
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
RETURN p.id AS id ORDER BY p.index
