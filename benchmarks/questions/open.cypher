// A population specified as another one, and a run to write people in.
CYPHER 5
MATCH (like:Population {name: $like})
MERGE (population:Population {name: $population})
ON CREATE SET population.seed = like.seed, population.specification = like.specification, population.created = datetime()
MERGE (run:Run {id: $run})
ON CREATE SET run.kind = 'generate', run.state = 'finished', run.population = $population, run.seed = like.seed,
  run.parameters = like.specification, run.started = datetime(), run.finished = datetime()
