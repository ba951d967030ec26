// Create edges of any kind that a taxonomy has; how many of those asked for found both their ends.
// access: write
// params: taxonomy, rows
// returns: links
CYPHER 5
UNWIND $rows AS row
CALL (row) {
  WITH row WHERE row.start.kind = 'attribute'
  MATCH (n:Attribute {taxonomy: $taxonomy, id: row.start.id})
  USING INDEX n:Attribute(taxonomy, id)
  RETURN n AS s
  UNION ALL
  WITH row WHERE row.start.kind = 'value'
  MATCH (n:Value {taxonomy: $taxonomy, id: row.start.id})
  USING INDEX n:Value(taxonomy, id)
  RETURN n AS s
  UNION ALL
  WITH row WHERE row.start.kind = 'persona'
  MATCH (n:Persona {id: row.start.id})
  RETURN n AS s
  UNION ALL
  WITH row WHERE row.start.kind = 'exchange'
  MATCH (n:Exchange {taxonomy: $taxonomy, id: row.start.id})
  USING INDEX n:Exchange(taxonomy, id)
  RETURN n AS s
  UNION ALL
  WITH row WHERE row.start.kind = 'proposal'
  MATCH (n:Proposal {taxonomy: $taxonomy, id: row.start.id})
  USING INDEX n:Proposal(taxonomy, id)
  RETURN n AS s
}
CALL (row) {
  WITH row WHERE row.end.kind = 'attribute'
  MATCH (n:Attribute {taxonomy: $taxonomy, id: row.end.id})
  USING INDEX n:Attribute(taxonomy, id)
  RETURN n AS e
  UNION ALL
  WITH row WHERE row.end.kind = 'value'
  MATCH (n:Value {taxonomy: $taxonomy, id: row.end.id})
  USING INDEX n:Value(taxonomy, id)
  RETURN n AS e
  UNION ALL
  WITH row WHERE row.end.kind = 'decision'
  MATCH (n:Decision {taxonomy: $taxonomy, id: row.end.id})
  USING INDEX n:Decision(taxonomy, id)
  RETURN n AS e
}
UNWIND range(1, row.count) AS _
CREATE (s)-[r:$(row.kind)]->(e)
SET r = row.properties
RETURN count(r) AS links
