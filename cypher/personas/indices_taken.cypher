// Which of several indices have a persona in a population.
// access: read
// params: population, indices
// returns: index
CYPHER 5
UNWIND $indices AS index
MATCH (p:Persona {population: $population, index: index})
RETURN index
