// What was decided while a taxonomy was mined.
// access: read
// params: taxonomy
// returns: id, answer, request
CYPHER 5
MATCH (d:Decision {taxonomy: $taxonomy})
RETURN d.id AS id, d.answer AS answer, d.request AS request
