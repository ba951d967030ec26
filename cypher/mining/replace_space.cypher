// Give attributes a description and a value space in place of those they had; values that stay keep what hangs on
// them, and those that a constraint names stay whatever happens.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.id})
USING INDEX a:Attribute(taxonomy, id)
SET a += row.properties
WITH a, row
CALL (a, row) {
  MATCH (a)-[:ADMITS]->(v:Value)
  WHERE NOT v.id IN [value IN row.values | value.id] AND NOT (v)-[:REQUIRES|EXCLUDES|IMPLIES]-()
  DETACH DELETE v
}
CALL (a, row) {
  UNWIND row.values AS value
  MERGE (v:Value {taxonomy: $taxonomy, id: value.id})
  SET v += value.properties
  MERGE (a)-[:ADMITS]->(v)
}
CALL (a) {
  MATCH (a)-[r:REQUIRES]->(:Value)
  DELETE r
}
