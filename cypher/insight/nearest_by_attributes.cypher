// The people of a population who share most with a person: the sum, over the traits (values of attributes) that both
// have, of -log2 of the share of people who have the trait, of $people in the populations concerned.
// access: read
// params: id, population, populations, people, limit
// returns: id, shared, weight
CYPHER 5
MATCH (:Persona {id: $id})-[own:HAS]->(a:Attribute)
WHERE coalesce(own.source, '') <> 'superseded'
CALL (own, a) {
  UNWIND own.keys AS key
  MATCH (a)<-[has:HAS]-(q:Persona)
  WHERE q.population IN $populations AND key IN has.keys AND coalesce(has.source, '') <> 'superseded'
  WITH key, collect(DISTINCT q) AS having
  RETURN having, -log(toFloat(size(having)) / $people) / log(2) AS weight
}
UNWIND having AS q
WITH q, weight
WHERE q.population = $population AND q.id <> $id
WITH q, count(*) AS shared, sum(weight) AS weight
ORDER BY round(weight, 6) DESC, q.index LIMIT $limit
RETURN q.id AS id, shared, weight
