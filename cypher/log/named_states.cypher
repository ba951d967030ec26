// The recorded states of a taxonomy that have a name.
// access: read
// params: taxonomy
// returns: name, version, time
CYPHER 5
MATCH (s:Snapshot {taxonomy: $taxonomy}) WHERE s.name IS NOT NULL
RETURN s.name AS name, s.version AS version, toString(s.time) AS time
ORDER BY version
