// Write the community of people of a population, and take away that of the others; how many of them there were.
// access: write
// params: population, rows
// returns: written
CYPHER 5
CALL () {
  MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
  WHERE p.community IS NOT NULL
  SET p.community = null
}
UNWIND $rows AS row
MATCH (p:Persona {id: row.id, population: $population})
SET p.community = row.community
RETURN count(p) AS written
