// What values exclude: other values, or whole attributes, or numbers at or beyond a bound.
// access: read
// params: taxonomy
// returns: owner, exclusions
CYPHER 5
MATCH (owner:Value {taxonomy: $taxonomy})-[e:EXCLUDES]->(target)
OPTIONAL MATCH (a:Attribute)-[:ADMITS]->(target)
RETURN owner.id AS owner,
       collect([coalesce(a.id, target.id), CASE WHEN a IS NULL THEN null ELSE target.id END, e.minimum, e.maximum])
         AS exclusions
