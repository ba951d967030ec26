// The exchanges that a taxonomy was mined from so far.
// access: read
// params: taxonomy
// returns: id, question, answer, source, licence, settled
CYPHER 5
MATCH (e:Exchange {taxonomy: $taxonomy})
RETURN e.id AS id, e.question AS question, e.answer AS answer, e.source AS source, e.licence AS licence,
  coalesce(e.settled, false) AS settled
ORDER BY id
