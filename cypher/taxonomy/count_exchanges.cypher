// How many exchanges evidence a taxonomy, each counted once.
// access: read
// params: taxonomy
// returns: exchanges
CYPHER 5
MATCH (e:Exchange)-[:EVIDENCES]->(:Attribute {taxonomy: $taxonomy})
RETURN count(DISTINCT e) AS exchanges
