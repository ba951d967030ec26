// Whether the taxonomy is as it was left: counts of what decides generation beside those recorded, and how many
// nodes need attention. Weights are summed in whole thousandths, so that the sum does not depend on the order.
// access: read
// params: taxonomy
// returns: version, recorded, counted, attention
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
CALL (t) {
  MATCH (a:Attribute {taxonomy: t.name})
  RETURN count(a) AS attributes,
    sum(COUNT { (a)-[:HAS_CHILD]->() }) AS links,
    sum(COUNT { (a)-[:ADMITS]->() }) AS spaces,
    sum(COUNT { (a)-[:REQUIRES]->() }) AS needs,
    sum(COUNT { (a)<-[:EXCLUDES]-() }) AS ruled,
    sum(CASE WHEN coalesce(a.retired, false) THEN 1 ELSE 0 END) AS retired,
    count(a.core) AS core,
    sum(coalesce(toIntegerOrNull(a.min_age), 0) + coalesce(toIntegerOrNull(a.max_age), 0)) AS ages,
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
  RETURN sum(CASE WHEN v.id IS NULL OR v.taxonomy IS NULL OR v.key IS NULL THEN 1 ELSE 0 END) AS unknown,
    sum(CASE WHEN v.weight IS :: INTEGER | FLOAT THEN toInteger(round(v.weight * 1000)) ELSE -1 END) AS weight,
    sum(CASE WHEN toLower(v.text) = v.key THEN 0 ELSE 1 END) AS respelled,
    sum(COUNT { (v)-[:REQUIRES]->() }) AS value_needs,
    sum(COUNT { (v)-[:EXCLUDES]->() }) AS exclusions,
    sum(coalesce(toIntegerOrNull(v.min_age), 0) + coalesce(toIntegerOrNull(v.max_age), 0)) AS value_ages
}
RETURN t.version AS version, t.counts AS recorded,
  [attributes, links, spaces, needs, ruled, retired, core, ages, weight, respelled, value_needs, exclusions, value_ages]
    AS counted,
  unready + misplaced + unknown AS attention
