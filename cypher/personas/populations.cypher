// All populations with their sizes.
// access: read
// params: none
// returns: name, size, seed, specification, created
CYPHER 5
MATCH (p:Population)
RETURN p.name AS name, COUNT { (p)-[:CONTAINS]->() } AS size, p.seed AS seed, p.specification AS specification,
       toString(p.created) AS created
ORDER BY name
