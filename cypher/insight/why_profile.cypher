// What the selection of a persona's attributes went by: the profile's vector, and what its run or, where that is gone,
// its population was to be; and, of a twin, the seed of the persona it is a twin of.
// access: read
// params: persona
// returns: profile, specification, seed
CYPHER 5
MATCH (p:Persona {id: $persona})
OPTIONAL MATCH (population:Population {name: p.population})
RETURN p.embedding AS profile,
       coalesce(head([(p)<-[:PRODUCED]-(run:Run {kind: 'generate'}) | run.parameters]), population.specification) AS specification,
       p.own_seed AS seed
