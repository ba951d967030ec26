// Index and full name of each persona of a population.
// access: read
// params: population
// returns: index, name
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
RETURN p.index AS index, p.name AS name
