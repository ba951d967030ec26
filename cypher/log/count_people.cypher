// How many personas have one of some attributes, and how many values of theirs that are.
// access: read
// params: taxonomy, attributes
// returns: personas, edges
CYPHER 5
UNWIND $attributes AS identity
MATCH (a:Attribute {taxonomy: $taxonomy, id: identity})
USING INDEX a:Attribute(taxonomy, id)
MATCH (a)<-[r:HAS]-(p:Persona)
WHERE coalesce(r.source, '') <> 'superseded'
RETURN count(DISTINCT p) AS personas, count(r) AS edges
