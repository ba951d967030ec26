// What a population was specified to be, and the places of its people of a taxonomy.
// access: read
// params: population, taxonomy
// returns: specification, indices
CYPHER 5
MATCH (population:Population {name: $population})-[:CONTAINS]->(p:Persona {taxonomy: $taxonomy})
WITH population, p.index AS index ORDER BY index
RETURN population.specification AS specification, collect(index) AS indices
