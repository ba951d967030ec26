// Delete some personas of those with the given ids; repeated until none is left.
// access: write
// params: ids
// returns: deleted
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
DETACH DELETE p
RETURN count(*) AS deleted
