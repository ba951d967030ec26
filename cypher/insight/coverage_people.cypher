// What people of a taxonomy have, core attributes included, those at places of a population from $first to $last:
// ids of attributes, and beside each the key of its value (empty for none); of a list all, one after the other.
// access: read
// params: population, taxonomy, first, last
// returns: index, attributes, keys
CYPHER 5
MATCH (p:Persona {population: $population})
USING INDEX p:Persona(population, index)
WHERE $first <= p.index <= $last AND p.taxonomy = $taxonomy
CALL (p) {
  MATCH (p)-[has:HAS]->(a:Attribute)
  WHERE coalesce(has.source, '') <> 'superseded'
  UNWIND CASE WHEN size(has.keys) > 0 THEN has.keys ELSE [null] END AS key
  RETURN collect(a.id) AS attributes, collect(coalesce(key, '')) AS keys
}
RETURN p.index AS index, attributes, keys
