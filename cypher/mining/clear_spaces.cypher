// Take from attributes what mining said of them, before they become one with others that it did not make; values that
// a constraint names stay.
// access: write
// params: taxonomy, ids
// returns: none
CYPHER 5
UNWIND $ids AS id
MATCH (a:Attribute {taxonomy: $taxonomy, id: id})
USING INDEX a:Attribute(taxonomy, id)
SET a.description = null
WITH a
CALL (a) {
  MATCH (a)-[:ADMITS]->(v:Value)
  WHERE NOT (v)-[:REQUIRES|EXCLUDES|IMPLIES]-()
  DETACH DELETE v
}
WITH a WHERE NOT (a)-[:ADMITS]->()
SET a.value_type = null, a.minimum = null, a.maximum = null, a.typical = null, a.unit = null, a.min_age = null,
    a.max_age = null
