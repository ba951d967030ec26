// Something is committed, so that nothing that was remembered holds any more.
CYPHER 5
MATCH (population:Population {name: $population})
SET population.touched = datetime()
