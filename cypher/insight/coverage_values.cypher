// How many people of a population have an attribute with which value; a row of `counted` is [keys, people].
// access: read
// params: population, taxonomy, attribute
// returns: people, counted
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute})<-[has:HAS]-(p:Persona {population: $population})
USING INDEX a:Attribute(taxonomy, id)
WHERE coalesce(has.source, '') <> 'superseded'
WITH coalesce(has.keys, []) AS keys, count(*) AS people
RETURN coalesce(sum(people), 0) AS people, collect([keys, people]) AS counted
