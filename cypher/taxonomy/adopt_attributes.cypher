// Give attributes what they lack; rows name them by their internal id.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute) WHERE elementId(a) = row.node
SET a += row.properties, a.taxonomy = $taxonomy
