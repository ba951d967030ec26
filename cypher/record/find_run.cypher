// Runs of generation that a text names, the best match first and of these the newest: the last one begun, the last of
// a population, or those whose id begins so.
// access: read
// params: text, limit
// returns: id, population, seed, parameters, count, via, endpoint, file, field, read
CYPHER 5
MATCH (r:Run {kind: 'generate', begun: true})
WHERE $text = 'last' OR r.id STARTS WITH $text OR r.population = $text
RETURN r.id AS id, r.population AS population, r.seed AS seed, r.parameters AS parameters, r.count AS count,
       coalesce(r.via, 'online') AS via, r.endpoint AS endpoint, r.file AS file, r.field AS field, r.read AS read
ORDER BY r.population = $text DESC, r.started DESC LIMIT $limit
