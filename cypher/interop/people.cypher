// The people of a population by index, with what a network of them shows.
// access: read
// params: population
// returns: person
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
RETURN p {
  .id, .index, .name, .age, .sex, .country, .city, .settlement, .education, .employment, .occupation, .partnership,
  .parenthood, .household, .income, .faith, .community
} AS person
ORDER BY p.index
