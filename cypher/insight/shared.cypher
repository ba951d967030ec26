// The attributes that all of some people have, with their values in the order of the people; and of the values that
// all of them have, how many people of the populations have them. A row of `common` is [key, people].
// access: read
// params: ids, populations
// returns: attribute, path, values, common
CYPHER 5
UNWIND range(0, size($ids) - 1) AS place
MATCH (p:Persona {id: $ids[place]})-[has:HAS]->(a:Attribute)
WHERE coalesce(has.source, '') <> 'superseded'
WITH a, place, collect(has) AS had
ORDER BY place
WITH a, collect(had[0].value) AS values, collect(coalesce(had[0].keys, [])) AS keys
WHERE size(values) = size($ids)
WITH a, values, [key IN keys[0] WHERE all(of_one IN keys[1..] WHERE key IN of_one)] AS shared
CALL (a, shared) {
  UNWIND shared AS key
  MATCH (a)<-[has:HAS]-(q:Persona)
  WHERE q.population IN $populations AND key IN has.keys AND coalesce(has.source, '') <> 'superseded'
  WITH key, count(DISTINCT q) AS people
  RETURN collect([key, people]) AS common
}
RETURN a.id AS attribute, a.path AS path, values, common
ORDER BY path
