// Record how many attributes and edges a taxonomy has, for sync to compare with.
// access: write
// params: taxonomy
// returns: none
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
CALL (t) {
  MATCH (a:Attribute {taxonomy: t.name})
  RETURN count(a) AS attributes,
    sum(COUNT { (a)-[:HAS_CHILD]->() }) AS links,
    sum(COUNT { (a)-[:ADMITS]->() }) AS spaces,
    sum(COUNT { (a)-[:REQUIRES]->() }) AS needs
}
SET t.attributes = attributes, t.links = links, t.spaces = spaces, t.needs = needs
