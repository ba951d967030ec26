// Remove some of a taxonomy's attributes and values; repeated until none is deleted.
// access: write
// params: taxonomy, limit
// returns: deleted
CYPHER 5
CALL () {
  MATCH (v:Value {taxonomy: $taxonomy}) RETURN v AS node
  UNION ALL
  MATCH (a:Attribute {taxonomy: $taxonomy}) RETURN a AS node
}
WITH node LIMIT $limit
DETACH DELETE node
RETURN count(*) AS deleted
