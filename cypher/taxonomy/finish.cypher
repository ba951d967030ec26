// Close an import: version 1, with the log's first entry.
// access: write
// params: taxonomy, origin
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
SET t.state = 'ready', t.version = 1, t.origin = $origin
REMOVE t.touched, t.lock
CREATE (:Change {
  taxonomy: t.name, version: 1, operation: 'import', arguments: $origin, time: datetime(), undone: false
})
