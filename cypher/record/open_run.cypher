// Begin a run.
// access: write
// params: id, kind, population, parameters, seed, count, model, via, file, field, read
// returns: none
CYPHER 5
MERGE (r:Run {id: $id})
SET r.kind = $kind, r.population = $population, r.parameters = $parameters, r.seed = $seed,
    r.count = $count, r.model = $model, r.via = $via, r.file = $file, r.field = $field, r.read = $read,
    r.started = datetime(), r.state = 'running'
REMOVE r.finished
