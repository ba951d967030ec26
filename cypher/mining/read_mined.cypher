// The attributes that mining made, with what it left them as: the paths they stand for, name, parent, description.
// access: read
// params: taxonomy
// returns: attribute, parent, personas, children
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.sources IS NOT NULL
RETURN a {.id, .name, .aliases, .sources, .mined_name, .mined_parent, .described, .space, .proposed, .retired, .mined_retired} AS attribute,
  head([(parent:Attribute)-[:HAS_CHILD]->(a) | parent.id]) AS parent,
  COUNT { (a)<-[:HAS]-() } AS personas, COUNT { (a)-[:HAS_CHILD]->() } AS children
ORDER BY a.id
