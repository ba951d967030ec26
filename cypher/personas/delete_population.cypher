// Forget a population that has no personas left, and the runs that produced nothing else.
// access: write
// params: population
// returns: none
CYPHER 5
MATCH (population:Population {name: $population})
WHERE NOT (population)-[:CONTAINS]->()
OPTIONAL MATCH (run:Run {population: $population})
DETACH DELETE population, run
