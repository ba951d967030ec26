// Compute anew what follows from the edges: siblings (itself counted), leaves below, the attributes outside the
// core that an attribute requires, directly or through others, and whether it is such a prerequisite itself.
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
WITH a
CALL (a) {
  MATCH (a)-[:REQUIRES]->(:Value)<-[:ADMITS]-(:Attribute)
    (()-[:REQUIRES]->(:Value)<-[:ADMITS]-()){0,4}(other:Attribute)
  WHERE other.core IS NULL
  RETURN collect(DISTINCT other.id) AS required
}
SET a.required = CASE WHEN size(required) > 0 THEN required END
