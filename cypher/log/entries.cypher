// The log of a taxonomy, the newest first, with what each change did (compressed) where that is wanted.
// access: read
// params: taxonomy, since, limit, whole
// returns: version, operation, arguments, time, undone, before
CYPHER 5
MATCH (c:Change {taxonomy: $taxonomy}) WHERE c.version > $since
WITH c ORDER BY c.version DESC LIMIT $limit
RETURN c.version AS version, c.operation AS operation, c.arguments AS arguments, toString(c.time) AS time,
       coalesce(c.undone, false) AS undone, CASE WHEN $whole THEN c.before END AS before
