// Compute anew what follows from the edges: siblings (itself counted), leaves below, and whether an attribute
// is a prerequisite (another attribute requires one of its values).
// access: write
// params: taxonomy
// returns: none
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
OPTIONAL MATCH (parent:Attribute)-[:HAS_CHILD]->(a)
WITH a, CASE WHEN parent IS NULL THEN 1 ELSE COUNT { (parent)-[:HAS_CHILD]->() } END AS siblings
SET a.siblings = siblings,
    a.leaves = COUNT { (a)-[:HAS_CHILD*0..]->(leaf) WHERE NOT (leaf)-[:HAS_CHILD]->() },
    a.prerequisite = CASE WHEN EXISTS { (a)-[:ADMITS]->(:Value)<-[:REQUIRES]-(:Attribute) } THEN true END
