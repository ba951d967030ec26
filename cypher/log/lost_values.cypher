// How many values the people of a taxonomy lack of as many as they were made with.
// access: read
// params: taxonomy
// returns: lost
CYPHER 5
MATCH (p:Persona {taxonomy: $taxonomy})
RETURN coalesce(sum(p.depth - COUNT {
  (p)-[has:HAS]->(:Attribute) WHERE has.order IS NOT NULL AND coalesce(has.source, '') <> 'superseded'
}), 0) AS lost
