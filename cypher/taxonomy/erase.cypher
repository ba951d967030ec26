// Remove some of a taxonomy's attributes and values, and of what it was mined from; repeated until none is deleted.
// access: write
// params: taxonomy, limit
// returns: deleted
CYPHER 5
CALL () {
  MATCH (v:Value {taxonomy: $taxonomy}) RETURN v AS node
  UNION ALL
  MATCH (a:Attribute {taxonomy: $taxonomy}) RETURN a AS node
  UNION ALL
  MATCH (e:Exchange {taxonomy: $taxonomy}) RETURN e AS node
  UNION ALL
  MATCH (p:Proposal {taxonomy: $taxonomy}) RETURN p AS node
  UNION ALL
  MATCH (d:Decision {taxonomy: $taxonomy}) RETURN d AS node
}
WITH node LIMIT $limit
DETACH DELETE node
RETURN count(*) AS deleted
