// End a run: finished, waiting for a batch, unfinished, interrupted or failed; with what it took of a language model.
// access: write
// params: id, state, sent, received, cost, report
// returns: none
CYPHER 5
MATCH (r:Run {id: $id})
SET r.state = $state, r.finished = datetime(), r.tokens_sent = coalesce(r.tokens_sent, 0) + $sent,
    r.tokens_received = coalesce(r.tokens_received, 0) + $received,
    r.cost = CASE WHEN $cost IS NULL THEN r.cost ELSE coalesce(r.cost, 0.0) + $cost END,
    r.reports = CASE WHEN $report IS NULL THEN r.reports ELSE coalesce(r.reports, []) + $report END
