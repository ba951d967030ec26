// Write personas of one population whole: the node, its attributes in order, its place in population and run;
// how many of them found what they belong to tells whether all is there.
// access: write
// params: population, run, rows
// returns: personas, pairs
CYPHER 5
MATCH (population:Population {name: $population})
MATCH (run:Run {id: $run})
UNWIND $rows AS row
CREATE (population)-[:CONTAINS]->(p:Persona {id: row.properties.id})<-[:PRODUCED]-(run)
SET p += row.properties
WITH p, row
CALL db.create.setNodeVectorProperty(p, 'embedding', row.embedding)
CALL (p, row) {
  UNWIND row.traits AS trait
  MATCH (a:Attribute {taxonomy: row.properties.taxonomy, id: trait.attribute})
  USING INDEX a:Attribute(taxonomy, id)
  CREATE (p)-[has:HAS]->(a)
  SET has = trait.properties
  RETURN count(*) AS pairs
}
RETURN count(p) AS personas, sum(pairs) AS pairs
