// Open a run; whether an earlier one of the same id was begun.
// access: write
// params: id, kind, population, parameters, seed, count, model, via, endpoint, file, field, read
// returns: begun
CYPHER 5
MERGE (r:Run {id: $id})
SET r.kind = $kind, r.population = $population, r.parameters = $parameters, r.seed = $seed,
    r.count = $count, r.model = $model, r.via = $via, r.endpoint = $endpoint, r.file = $file, r.field = $field,
    r.read = $read, r.started = datetime(), r.state = 'running'
REMOVE r.finished
RETURN coalesce(r.begun, false) AS begun
