// Write some properties of a node by its id on the server; what is null is taken away, all others stay.
// access: write
// params: node, properties
// returns: none
CYPHER 5
MATCH (n) WHERE id(n) = $node
SET n += $properties
