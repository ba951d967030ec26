// Which decisions stand behind attributes.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
MATCH (d:Decision {taxonomy: $taxonomy, id: row.decision})
USING INDEX d:Decision(taxonomy, id)
MERGE (a)-[:DECIDED]->(d)
