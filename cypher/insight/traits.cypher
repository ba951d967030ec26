// The traits (a value of an attribute) of a population with the people who have them, by index; a row of `traits` is
// [keys, people], the keys of a list together; `people` is how many have the attribute.
// To read it in parts, people are dealt out by their index: this is part $part of $parts.
// access: read
// params: population, part, parts
// returns: attribute, path, number, people, traits
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
WHERE coalesce(p.index, 0) % $parts = $part
WITH p, p.index AS index
MATCH (p)-[has:HAS]->(a:Attribute)
WHERE coalesce(has.source, '') <> 'superseded'
WITH a, has.keys AS keys, collect(index) AS having
RETURN a.id AS attribute, a.path AS path, a.value_type = 'number' AS number, sum(size(having)) AS people,
       collect([keys, having]) AS traits
