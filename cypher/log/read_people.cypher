// The edges from personas to attributes, with how many attributes each persona has.
// access: read
// params: taxonomy, attributes
// returns: attribute, persona, depth, properties
CYPHER 5
UNWIND $attributes AS identity
MATCH (a:Attribute {taxonomy: $taxonomy, id: identity})
USING INDEX a:Attribute(taxonomy, id)
MATCH (a)<-[r:HAS]-(p:Persona)
RETURN a.id AS attribute, p.id AS persona, p.depth AS depth, properties(r) AS properties
