// Give values what they lack; rows name them by their internal id.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (v:Value) WHERE elementId(v) = row.node
SET v += row.properties, v.taxonomy = $taxonomy
