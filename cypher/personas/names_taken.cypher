// Index, full name and version of the taxonomy of each persona of a population.
// access: read
// params: population
// returns: index, name, version
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
RETURN p.index AS index, p.name AS name, p.taxonomy_version AS version
