// Why an attribute exists: the paths that became it, with what was done to them, and the decisions about it.
// access: read
// params: taxonomy, attribute
// returns: proposals, decisions, exchanges
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute})
RETURN
  COLLECT {
    MATCH (a)<-[:BECAME]-(p:Proposal)
    WITH p ORDER BY p.path
    RETURN {path: p.path, state: p.state, steps: p.steps, mentions: COUNT { (p)<-[:PROPOSES]-() }}
  } AS proposals,
  COLLECT {
    MATCH (a)-[:DECIDED]->(d:Decision)
    WITH d ORDER BY d.step, d.subject
    RETURN {step: d.step, subject: d.subject, answer: d.answer, reason: d.reason, request: d.request}
  } AS decisions,
  COUNT { MATCH (a)<-[:EVIDENCES]-(e:Exchange) RETURN DISTINCT e } AS exchanges
