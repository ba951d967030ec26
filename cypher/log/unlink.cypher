// Remove edges with exactly these properties; how many of those asked for were there.
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
CALL (row, s, e) {
  MATCH (s)-[r:$(row.kind)]->(e)
  WHERE properties(r) = row.properties
  WITH row.count AS most, collect(r) AS found
  WITH found[..most] AS several
  FOREACH (r IN several | DELETE r)
  RETURN size(several) AS removed
}
RETURN coalesce(sum(removed), 0) AS links
