// The values, normalised, that people have of some attributes.
// access: read
// params: taxonomy, attributes
// returns: attribute, keys
CYPHER 5
UNWIND $attributes AS id
MATCH (a:Attribute {taxonomy: $taxonomy, id: id})
USING INDEX a:Attribute(taxonomy, id)
MATCH (a)<-[has:HAS]-(:Persona)
WHERE coalesce(has.source, '') <> 'superseded'
UNWIND has.keys AS key
RETURN id AS attribute, collect(DISTINCT key) AS keys
