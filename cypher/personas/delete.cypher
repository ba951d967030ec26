// Delete the personas with the given ids and all their edges.
// access: write
// params: ids
// returns: deleted
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
DETACH DELETE p
RETURN count(*) AS deleted
