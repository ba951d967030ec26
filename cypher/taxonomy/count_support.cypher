// Count support anew where a taxonomy has evidence: the distinct exchanges at or below each attribute.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
CALL () {
  MATCH (:Exchange {taxonomy: $taxonomy})-[e:EVIDENCES]->()
  RETURN e LIMIT 1
}
MATCH (a:Attribute {taxonomy: $taxonomy})
SET a.support = COUNT { MATCH (a)-[:HAS_CHILD*0..12]->()<-[:EVIDENCES]-(x) RETURN DISTINCT x }
