// Which exchanges evidence which attributes, with what value.
// access: read
// params: taxonomy
// returns: exchange, attribute, value
CYPHER 5
MATCH (e:Exchange {taxonomy: $taxonomy})-[r:EVIDENCES]->(a:Attribute)
RETURN e.id AS exchange, a.id AS attribute, r.value AS value
