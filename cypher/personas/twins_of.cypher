// Whose twins a population holds; null for one of people of its own, no row where there is none.
// access: read
// params: population
// returns: twins_of
CYPHER 5
MATCH (population:Population {name: $population})
RETURN population.twins_of AS twins_of
