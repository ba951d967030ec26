// What renewal needs of personas beside their values: the seed a twin is drawn with, the version and the run of each
// pair, the orders of pairs that a merge superseded, and, where they are wanted, profiles.
// access: read
// params: ids, profiles
// returns: id, own_seed, pairs, superseded, profile
CYPHER 5
MATCH (p:Persona) WHERE p.id IN $ids
CALL (p) {
  MATCH (p)-[has:HAS]->(a:Attribute)
  RETURN
    collect(CASE WHEN coalesce(has.source, '') <> 'superseded'
            THEN [a.id, coalesce(has.version, p.taxonomy_version), has.run] END) AS pairs,
    collect(CASE WHEN has.source = 'superseded' THEN has.order END) AS superseded
}
RETURN p.id AS id, p.own_seed AS own_seed, pairs, superseded, CASE WHEN $profiles THEN p.embedding END AS profile
