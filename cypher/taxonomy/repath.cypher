// Set path and depth of attributes anew, from the roots down, where place or name changed; their vectors, made from
// the former path, go.
// access: write
// params: taxonomy
// returns: id, path
CYPHER 5
MATCH line = (root:Attribute {taxonomy: $taxonomy})-[:HAS_CHILD*0..12]->(a:Attribute)
WHERE NOT ()-[:HAS_CHILD]->(root)
WITH a, [n IN nodes(line) | n.name] AS path
WHERE a.path <> path
SET a.path = path, a.depth = size(path)
REMOVE a.embedding
RETURN a.id AS id, path
