// What became of the paths that were proposed so far; one that was placed and has no attribute was deleted by hand.
// access: read
// params: taxonomy
// returns: id, kept, placed, attribute
CYPHER 5
MATCH (p:Proposal {taxonomy: $taxonomy})
RETURN p.id AS id, p.kept AS kept, coalesce(p.placed, false) AS placed,
   head([(p)-[:BECAME]->(a:Attribute) | a.id]) AS attribute
