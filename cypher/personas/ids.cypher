// The ids of a population's personas in order of index, of those below a bound or (null) of all.
// access: read
// params: population, below
// returns: id
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
WHERE $below IS NULL OR p.index < $below
RETURN p.id AS id ORDER BY p.index
