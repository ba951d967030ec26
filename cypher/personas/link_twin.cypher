// Say of a twin whose twin it is and with what seed it is drawn; values that both share keep their runs and versions.
// access: write
// params: id, of, own_seed, shared
// returns: linked, kept
CYPHER 5
MATCH (twin:Persona {id: $id})
MATCH (person:Persona {id: $of})
SET twin.twin_of = $of, twin.own_seed = $own_seed
MERGE (twin)-[:TWIN_OF]->(person)
WITH twin
CALL (twin) {
  UNWIND $shared AS pair
  MATCH (twin)-[has:HAS]->(:Attribute {id: pair.attribute})
  SET has.run = pair.run, has.version = pair.version
  RETURN count(*) AS kept
}
RETURN count(twin) AS linked, sum(kept) AS kept
