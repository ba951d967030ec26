// The version of the schema the database was laid with; null where it was not laid.
// access: read
// params: none
// returns: version
CYPHER 5
OPTIONAL MATCH (s:Schema {name: 'deeppersona'})
RETURN s.version AS version
