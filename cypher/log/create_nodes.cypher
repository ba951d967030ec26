// Create attributes and values with their properties; edges come afterwards.
// access: write
// params: taxonomy, attributes, values
// returns: none
CYPHER 5
FOREACH (row IN $attributes |
  CREATE (a:Attribute {taxonomy: $taxonomy, id: row.id})
  SET a += row.properties)
FOREACH (row IN $values |
  CREATE (v:Value {taxonomy: $taxonomy, id: row.id})
  SET v += row.properties)
