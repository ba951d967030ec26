// Where attributes stand, and what decides which of several is kept.
// access: read
// params: taxonomy
// returns: id, name, path, parent, support, core, aliases
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.id IS NOT NULL AND a.path IS NOT NULL
RETURN a.id AS id, a.name AS name, a.path AS path, head([(parent:Attribute)-[:HAS_CHILD]->(a) | parent.id]) AS parent,
       coalesce(a.support, 0) AS support, a.core IS NOT NULL AS core, coalesce(a.aliases, []) AS aliases
ORDER BY id
