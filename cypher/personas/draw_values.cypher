// Values by an exponential race (DESIGN §6): for each persona and attribute, the admissible values in order of
// -ln(u)/w, with u from the value's stored draw and the persona's (a, b). Taking the first, or the first that
// later constraints leave, draws with probability proportional to w.
// The weight is w = weight * exp(v . pull), v the value's vector and pull the persona's profile, centred on the
// population's mean and divided by the temperature; values without a vector keep their base rate. With
// d^2 = 1 / similarity - 1, the product v . pull is (1 + |pull|^2 - d^2) / 2.
// A row of `drawn` is [position, u, ranks, weights]: u from the attribute's own draw, for numbers; the weights,
// in the order of ranks, for lists alone.
// Admissible is what age, country and situation allow; personas name attributes by position in $attributes.
// access: read
// params: taxonomy, attributes, personas
// returns: index, drawn
CYPHER 5
UNWIND range(0, size($attributes) - 1) AS position
MATCH (a:Attribute {taxonomy: $taxonomy, id: $attributes[position]})
USING INDEX a:Attribute(taxonomy, id)
CALL (a) {
  OPTIONAL MATCH (a)-[:ADMITS]->(v:Value)
  WITH v, [(v)-[:REQUIRES]->(w)<-[:ADMITS]-(owner) WHERE owner.core IS NOT NULL | [owner.id, w.id]] AS needs
  ORDER BY v.rank
  RETURN collect(CASE WHEN v IS NOT NULL THEN {
    rank: v.rank, draw: v.draw, weight: v.weight, embedding: v.embedding, countries: v.countries,
    low: coalesce(v.min_age, 0), high: coalesce(v.max_age, 999),
    needs: reduce(found = [], n IN needs | CASE WHEN n[1] IN found THEN found ELSE found + n[1] END),
    owners: reduce(found = [], n IN needs | CASE WHEN n[0] IN found THEN found ELSE found + n[0] END)
  } END) AS values
}
WITH position, a.draw AS draw, a.value_type = 'list' AS several, values
ORDER BY position
WITH collect({draw: draw, several: several, values: values}) AS spaces
UNWIND $personas AS p
CALL (spaces, p) {
  UNWIND p.positions AS position
  WITH position, spaces[position] AS space
  CALL (space, p) {
    UNWIND space.values AS v
    WITH v
    WHERE v.low <= p.age AND v.high >= p.age AND (v.countries IS NULL OR p.country IN v.countries)
      AND (size(v.needs) = 0 OR size([n IN v.needs WHERE n IN p.situation]) = size(v.owners))
    WITH v.rank AS rank, v.draw AS draw, CASE WHEN v.embedding IS NULL THEN v.weight ELSE
      v.weight * exp((2.0 + p.squared - 1.0 / vector.similarity.euclidean(v.embedding, p.pull)) / 2.0) END AS weight
    WHERE weight > 0.0
    WITH rank, weight, -log(((draw * p.a + p.b) % 2147483647 + 1) / 2147483648.0) / weight AS time
    ORDER BY time, rank
    RETURN collect(rank) AS ranks, collect(weight) AS weights
  }
  RETURN collect([position, ((space.draw * p.a + p.b) % 2147483647 + 1) / 2147483648.0, ranks,
    CASE WHEN space.several THEN weights ELSE [] END]) AS drawn
}
RETURN p.index AS index, drawn
