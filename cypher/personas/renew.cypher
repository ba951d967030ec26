// Write what was made again of personas: pairs that go, pairs that came out as they were and now belong to a version
// of the tree, new pairs; how many there were of each tells whether all was as it had been read.
// access: write
// params: run, rows
// returns: personas, removed, seen, pairs
CYPHER 5
MATCH (:Run {id: $run})
UNWIND $rows AS row
MATCH (p:Persona {id: row.id})
SET p += row.properties
WITH p, row
CALL (p, row) {
  MATCH (p)-[has:HAS]->(a:Attribute)
  WHERE a.id IN row.removed AND coalesce(has.source, '') <> 'superseded'
  DELETE has
  RETURN count(*) AS removed
}
CALL (p, row) {
  MATCH (p)-[has:HAS]->(a:Attribute)
  WHERE a.id IN row.seen AND coalesce(has.source, '') <> 'superseded'
  SET has.version = row.version
  RETURN count(*) AS seen
}
CALL (p, row) {
  UNWIND row.traits AS trait
  MATCH (a:Attribute {taxonomy: row.taxonomy, id: trait.attribute})
  USING INDEX a:Attribute(taxonomy, id)
  CREATE (p)-[has:HAS]->(a)
  SET has = trait.properties
  RETURN count(*) AS pairs
}
RETURN count(p) AS personas, sum(removed) AS removed, sum(seen) AS seen, sum(pairs) AS pairs
