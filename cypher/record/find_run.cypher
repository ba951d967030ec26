// Runs of generation that a text names: the last one, one by the beginning of its id, or the last of a population.
// access: read
// params: text, limit
// returns: id, population, seed, parameters, count, via, file, field, read
CYPHER 5
MATCH (r:Run {kind: 'generate'})
WHERE $text = 'last' OR r.id STARTS WITH $text OR r.population = $text
RETURN r.id AS id, r.population AS population, r.seed AS seed, r.parameters AS parameters, r.count AS count,
       coalesce(r.via, 'online') AS via, r.file AS file, r.field AS field, r.read AS read
ORDER BY r.started DESC LIMIT $limit
