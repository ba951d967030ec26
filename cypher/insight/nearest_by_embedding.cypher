// The people of a population whose embedding is nearest to that of a person, by an exact scan; the cosine follows
// from the Euclidean similarity.
// access: read
// params: id, population, limit
// returns: id, similarity
CYPHER 5
MATCH (person:Persona {id: $id})
WITH person.embedding AS vector
MATCH (:Population {name: $population})-[:CONTAINS]->(q:Persona)
WHERE q.id <> $id AND q.embedding IS NOT NULL
WITH q, 1.5 - 0.5 / vector.similarity.euclidean(q.embedding, vector) AS similarity
ORDER BY similarity DESC, q.index LIMIT $limit
RETURN q.id AS id, similarity
