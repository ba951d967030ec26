// The population of that name, made where there is none, with what it was specified to be.
// access: write
// params: population, seed, specification
// returns: seed, specification, size
CYPHER 5
MERGE (population:Population {name: $population})
ON CREATE SET population.seed = $seed, population.specification = $specification, population.created = datetime()
RETURN population.seed AS seed, population.specification AS specification,
       COUNT { (population)-[:CONTAINS]->() } AS size
