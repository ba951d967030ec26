// Let pairs of values exclude each other.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (own:Value {taxonomy: $taxonomy, id: row.value})
USING INDEX own:Value(taxonomy, id)
UNWIND row.values AS excluded
MATCH (v:Value {taxonomy: $taxonomy, id: excluded})
USING INDEX v:Value(taxonomy, id)
CREATE (own)-[:EXCLUDES]->(v)
