// How a persona came to an attribute: every edge between them with the run it was made in, the one that counts first.
// access: read
// params: persona, taxonomy, attribute
// returns: pair, run
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute})
USING INDEX a:Attribute(taxonomy, id)
MATCH (p:Persona {id: $persona})-[has:HAS]->(a)
OPTIONAL MATCH (run:Run {id: has.run})
RETURN has {.value, .source, .was, .order, .stratum, .similarity, .request, .version} AS pair,
       run {.id, .kind, .state, .model, .via, started: toString(run.started), finished: toString(run.finished)} AS run
ORDER BY coalesce(has.source, '') = 'superseded', has.order
