// Whether the taxonomy is as it was left: its counts beside those recorded, and nodes that need attention.
// access: read
// params: taxonomy
// returns: version, recorded, counted, attention
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy, state: 'ready'})
CALL (t) {
  MATCH (a:Attribute {taxonomy: t.name})
  RETURN count(a) AS attributes,
    sum(COUNT { (a)-[:HAS_CHILD]->() }) AS links,
    sum(COUNT { (a)-[:ADMITS]->() }) AS spaces,
    sum(COUNT { (a)-[:REQUIRES]->() }) AS needs,
    sum(CASE WHEN a.id IS NULL OR a.draw IS NULL OR a.embedding IS NULL OR a.path IS NULL OR a.name IS NULL
          OR a.name <> a.path[-1]
        THEN 1 ELSE 0 END) AS unready
}
CALL (t) {
  MATCH (p:Attribute {taxonomy: t.name})-[:HAS_CHILD]->(c:Attribute)
  RETURN sum(CASE WHEN c.path = p.path + c.name THEN 0 ELSE 1 END) AS misplaced
}
CALL (t) {
  MATCH (:Attribute {taxonomy: t.name})-[:ADMITS]->(v:Value)
  WHERE v.id IS NULL OR v.taxonomy IS NULL OR v.key IS NULL
  RETURN count(v) AS unknown
}
RETURN t.version AS version, [t.attributes, t.links, t.spaces, t.needs] AS recorded,
       [attributes, links, spaces, needs] AS counted, unready + misplaced + unknown AS attention
