// How many personas a population has below an index, and whether any is of another version of the tree.
// access: read
// params: population, below, version
// returns: there, outdated
CYPHER 5
MATCH (:Population {name: $population})-[:CONTAINS]->(p:Persona)
WHERE p.index < $below
RETURN count(p) AS there, count(CASE WHEN p.taxonomy_version <> $version THEN 1 END) > 0 AS outdated
