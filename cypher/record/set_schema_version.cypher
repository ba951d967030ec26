// Record the version of the schema.
// access: write
// params: version
// returns: none
CYPHER 5
MERGE (s:Schema {name: 'deeppersona'})
SET s.version = $version
