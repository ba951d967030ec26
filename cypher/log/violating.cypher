// People whose values break a constraint between two attributes: how many, and the first of them.
// `keys` are the values of the subject that it holds for (null: any), `others` those of the object.
// access: read
// params: taxonomy, relation, subject, keys, object, others, minimum, maximum, limit
// returns: violations, first
CYPHER 5
MATCH (s:Attribute {taxonomy: $taxonomy, id: $subject})
USING INDEX s:Attribute(taxonomy, id)
MATCH (s)<-[h:HAS]-(p:Persona)
WHERE coalesce(h.source, '') <> 'superseded' AND ($keys IS NULL OR any(key IN h.keys WHERE key IN $keys))
CALL (p) {
  OPTIONAL MATCH (p)-[o:HAS]->(:Attribute {taxonomy: $taxonomy, id: $object})
  WHERE coalesce(o.source, '') <> 'superseded'
  RETURN o LIMIT 1
}
WITH p, CASE $relation
  WHEN 'excludes' THEN o IS NOT NULL AND ($others IS NULL OR any(key IN o.keys WHERE key IN $others))
    AND ($minimum IS NULL AND $maximum IS NULL OR coalesce(o.value >= $minimum, false)
      OR coalesce(o.value <= $maximum, false))
  WHEN 'implies' THEN o IS NOT NULL AND none(key IN o.keys WHERE key IN $others)
  WHEN 'requires' THEN o IS NULL OR none(key IN o.keys WHERE key IN $others)
  ELSE coalesce(p.age < $minimum, false) OR coalesce(p.age > $maximum, false)
END AS broken
WHERE broken
WITH p ORDER BY p.population, p.index
RETURN count(p) AS violations, collect(p {.id, .name, .population})[..$limit] AS first
