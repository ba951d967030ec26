// Of attributes that are numbers, how many people of each of two populations have them, with mean and standard
// deviation.
// access: read
// params: taxonomy, attributes, populations
// returns: attribute, population, people, mean, deviation
CYPHER 5
UNWIND $attributes AS id
MATCH (a:Attribute {taxonomy: $taxonomy, id: id})
USING INDEX a:Attribute(taxonomy, id)
MATCH (a)<-[has:HAS]-(p:Persona)
WHERE p.population IN $populations AND coalesce(has.source, '') <> 'superseded'
  AND has.value IS :: INTEGER NOT NULL | FLOAT NOT NULL
RETURN id AS attribute, p.population AS population, count(*) AS people, avg(toFloat(has.value)) AS mean,
       stDev(toFloat(has.value)) AS deviation
