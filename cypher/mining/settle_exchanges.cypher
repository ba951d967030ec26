// All that exchanges propose is taken down.
// access: write
// params: taxonomy, ids
// returns: none
CYPHER 5
UNWIND $ids AS id
MATCH (e:Exchange {taxonomy: $taxonomy, id: id})
USING INDEX e:Exchange(taxonomy, id)
SET e.settled = true
