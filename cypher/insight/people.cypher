// People in brief, by id.
// access: read
// params: ids
// returns: id, name, population, index, age, sex, city, country, occupation, taxonomy, embedded
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
RETURN p.id AS id, p.name AS name, p.population AS population, p.index AS index, p.age AS age, p.sex AS sex,
       p.city AS city, p.country_name AS country, p.occupation AS occupation, p.taxonomy AS taxonomy,
       p.embedding IS NOT NULL AS embedded
