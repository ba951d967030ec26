// People in brief, by their places in a population.
// access: read
// params: population, indices
// returns: id, name, population, index, age, sex, city, country, occupation
CYPHER 5
MATCH (p:Persona {population: $population}) WHERE p.index IN $indices
RETURN p.id AS id, p.name AS name, p.population AS population, p.index AS index, p.age AS age, p.sex AS sex,
       p.city AS city, p.country_name AS country, p.occupation AS occupation
