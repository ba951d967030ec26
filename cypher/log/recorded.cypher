// The last whole state recorded at or before a version, and the changes from there to the version, in order.
// access: read
// params: taxonomy, version
// returns: version, state, changes
CYPHER 5
MATCH (s:Snapshot {taxonomy: $taxonomy}) WHERE s.version <= $version
WITH s ORDER BY s.version DESC LIMIT 1
RETURN s.version AS version, s.state AS state, COLLECT {
  MATCH (c:Change {taxonomy: $taxonomy}) WHERE c.version > s.version AND c.version <= $version
  RETURN c.before ORDER BY c.version
} AS changes
