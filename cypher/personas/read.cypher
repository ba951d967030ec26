// Personas with their attributes, core attributes first, by id; edges that a merge superseded do not count.
// access: read
// params: ids
// returns: persona, traits
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
CALL (p) {
  MATCH (p)-[has:HAS]->(a:Attribute)
  WHERE coalesce(has.source, '') <> 'superseded'
  WITH has, a ORDER BY has.order
  RETURN collect({attribute: a.id, path: a.path, value: has.value, source: has.source, order: has.order,
                  stratum: has.stratum, similarity: has.similarity, request: has.request}) AS traits
}
RETURN p {.*, embedding: null} AS persona, traits
ORDER BY p.population, p.index
