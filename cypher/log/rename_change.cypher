// Let an entry of the log stand for another operation.
// access: write
// params: taxonomy, version, operation, arguments
// returns: none
CYPHER 5
MATCH (c:Change {taxonomy: $taxonomy, version: $version})
SET c.operation = $operation, c.arguments = $arguments
