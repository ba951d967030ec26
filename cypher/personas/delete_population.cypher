// Forget a population that has no personas, with its runs; unless forced, only where no run is at work on it.
// access: write
// params: population, force
// returns: none
CYPHER 5
MATCH (population:Population {name: $population})
WHERE NOT (population)-[:CONTAINS]->()
  AND ($force OR NOT EXISTS { MATCH (:Run {population: $population, state: 'running'}) })
OPTIONAL MATCH (run:Run {population: $population})
DETACH DELETE population, run
