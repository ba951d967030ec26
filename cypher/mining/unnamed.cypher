// Attributes whose name has no vector, or that were renamed since it was made.
// access: read
// params: taxonomy
// returns: id, name
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.id IS NOT NULL AND (a.name_embedding IS NULL OR a.name_embedded <> a.name)
RETURN a.id AS id, a.name AS name ORDER BY id
