// Take down what became of proposed paths, why, and by which decisions.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MERGE (p:Proposal {taxonomy: $taxonomy, id: row.id})
SET p.path = row.path, p.state = row.state, p.kept = row.kept, p.steps = row.steps
WITH p, row
UNWIND row.decisions AS decision
MATCH (d:Decision {taxonomy: $taxonomy, id: decision})
USING INDEX d:Decision(taxonomy, id)
MERGE (p)-[:DECIDED]->(d)
