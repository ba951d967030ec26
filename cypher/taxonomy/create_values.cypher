// Create the value spaces of attributes: one row an attribute, with its values.
// access: write
// params: taxonomy, rows
// returns: none
CYPHER 5
UNWIND $rows AS row
MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute})
USING INDEX a:Attribute(taxonomy, id)
UNWIND row.values AS value
CREATE (a)-[:ADMITS]->(v:Value {taxonomy: $taxonomy, id: value.id})
SET v += value.properties
