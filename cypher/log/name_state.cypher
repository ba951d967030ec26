// Give the recorded state of a version a name, which another that bore it loses.
// access: write
// params: taxonomy, version, name
// returns: none
CYPHER 5
OPTIONAL MATCH (old:Snapshot {taxonomy: $taxonomy, name: $name})
REMOVE old.name
WITH count(*) AS _
MATCH (s:Snapshot {taxonomy: $taxonomy, version: $version})
SET s.name = $name
