// Take down decisions: the step, what was asked, the answer with its reason, and the request it came from.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MERGE (d:Decision {taxonomy: $taxonomy, id: row.id})
SET d.step = row.step, d.subject = row.subject, d.answer = row.answer, d.reason = row.reason,
    d.request = row.request, d.time = datetime()
