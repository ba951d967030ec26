// The value spaces of a taxonomy, one row an attribute.
// access: read
// params: taxonomy
// returns: attribute, values
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})-[:ADMITS]->(v:Value)
WITH a.id AS attribute, v ORDER BY v.rank
RETURN attribute,
       collect([v.id, v.text, v.rank, v.weight, v.alone, v.min_age, v.max_age, v.countries]) AS values
