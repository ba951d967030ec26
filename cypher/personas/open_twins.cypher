// The population of twins of that name, made where there is none; whose twins it holds, and the next free index.
// access: write
// params: population, seed, specification, of
// returns: twins_of, next
CYPHER 5
MERGE (population:Population {name: $population})
ON CREATE SET population.seed = $seed, population.specification = $specification, population.created = datetime(),
              population.twins_of = $of
RETURN population.twins_of AS twins_of,
       reduce(most = -1, index IN [(population)-[:CONTAINS]->(p) | p.index] |
         CASE WHEN index > most THEN index ELSE most END) + 1 AS next
