// Personas in brief, of one population or (null) of all; what somebody made by hand and left without a name is no
// persona.
// access: read
// params: population, skip, limit
// returns: id, name, population, index, age, sex, city, country, occupation, employment, depth
CYPHER 5
MATCH (p:Persona) WHERE p.name IS NOT NULL AND ($population IS NULL OR p.population = $population)
WITH p ORDER BY p.population, p.index SKIP $skip LIMIT $limit
RETURN p.id AS id, p.name AS name, p.population AS population, p.index AS index, p.age AS age, p.sex AS sex,
       p.city AS city, p.country_name AS country, p.occupation AS occupation, p.employment AS employment, p.depth AS depth
