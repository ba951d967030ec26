// Remove values that no attribute admits any more, as when an attribute was deleted by hand.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
MATCH (v:Value {taxonomy: $taxonomy})
WHERE NOT EXISTS { (:Attribute)-[:ADMITS]->(v) }
DETACH DELETE v
