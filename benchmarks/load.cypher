// Hang a load on a taxonomy: people with attributes drawn from all over it, and exchanges that evidence them.
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy}) WHERE a.depth > 1 AND a.core IS NULL
WITH a ORDER BY a.id
WITH collect(a) AS attributes
CALL (attributes) {
  UNWIND range(0, $people - 1) AS n
  CREATE (p:Persona {id: 'load ' + $taxonomy + ' ' + n, population: $taxonomy, taxonomy: $taxonomy, index: n})
  WITH attributes, p, n
  UNWIND range(0, $depth - 1) AS place
  WITH p, n, place, attributes[(n * 7919 + place * (61 + n % 97)) % size(attributes)] AS a
  MERGE (p)-[has:HAS]->(a)
  ON CREATE SET has.value = 'some', has.key = 'some', has.order = place, has.source = 'bank'
  RETURN count(*) AS pairs
}
UNWIND range(0, $exchanges - 1) AS n
CREATE (e:Exchange {taxonomy: $taxonomy, id: 'load ' + n})
WITH e, attributes[(n * 104729) % size(attributes)] AS one, attributes[(n * 15485863 + 17) % size(attributes)] AS other
CREATE (e)-[:EVIDENCES {value: 'some'}]->(one)
CREATE (e)-[:EVIDENCES {value: 'other'}]->(other)
