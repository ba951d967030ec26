// Put attributes that a model named into a taxonomy, parents before children; those that are there stay.
// access: write
// params: taxonomy, attributes
// returns: named
CYPHER 5
UNWIND $attributes AS row
MERGE (a:Attribute {taxonomy: $taxonomy, id: row.id})
ON CREATE SET a.name = row.name, a.path = row.path, a.depth = size(row.path), a.draw = row.draw
WITH a, row
CALL (a, row) {
  WITH a, row WHERE row.parent IS NOT NULL
  MATCH (parent:Attribute {taxonomy: $taxonomy, id: row.parent})
  MERGE (parent)-[:HAS_CHILD]->(a)
}
RETURN count(a) AS named
