// How many people of populations there are of each taxonomy.
// access: read
// params: populations
// returns: taxonomy, people
CYPHER 5
MATCH (population:Population)-[:CONTAINS]->(p:Persona)
WHERE population.name IN $populations
RETURN p.taxonomy AS taxonomy, count(p) AS people
ORDER BY people DESC, taxonomy
