// The vectors of the profiles of people.
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
RETURN p.id AS id, p.embedding AS embedding
