// The traits (a value of an attribute, each member of a list one of its own) that several people of a population have,
// and no more than $most (null: any number), each as the indices of these people.
// access: read
// params: population, most
// returns: people
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
WITH p, p.index AS index
MATCH (p)-[has:HAS]->(a:Attribute)
WHERE coalesce(has.source, '') <> 'superseded'
UNWIND has.keys AS key
WITH a, key, collect(DISTINCT index) AS people
WHERE size(people) > 1 AND ($most IS NULL OR size(people) <= $most)
RETURN people
