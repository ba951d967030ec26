// Which attributes proposals became: as rows say, and nothing else.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (p:Proposal {taxonomy: $taxonomy, id: row.proposal})
USING INDEX p:Proposal(taxonomy, id)
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
OPTIONAL MATCH (p)-[old:BECAME]->()
DELETE old
SET p.placed = true
MERGE (p)-[:BECAME]->(a)
