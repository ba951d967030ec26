// Raise the version of a taxonomy, which locks it until the transaction ends, and log the change.
// access: write
// params: taxonomy, operation, arguments
// returns: version
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy, state: 'ready'})
SET t.version = t.version + 1
CREATE (:Change {
  taxonomy: t.name, version: t.version, operation: $operation, arguments: $arguments,
  time: datetime(), undone: false
})
RETURN t.version AS version
