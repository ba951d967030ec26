// Let values rule out whole attributes, or numbers at or beyond a bound.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (own:Value {taxonomy: $taxonomy, id: row.value})
USING INDEX own:Value(taxonomy, id)
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
CREATE (own)-[e:EXCLUDES]->(a)
SET e.minimum = row.minimum, e.maximum = row.maximum
