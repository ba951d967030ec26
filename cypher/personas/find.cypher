// Personas whose id begins as given, or whose name is the given one.
// access: read
// params: text, limit
// returns: id, name, population, index
CYPHER 5
CALL () {
  MATCH (p:Persona) WHERE p.id STARTS WITH $text RETURN p
  UNION
  MATCH (p:Persona {name: $text}) RETURN p
}
RETURN p.id AS id, p.name AS name, p.population AS population, p.index AS index
ORDER BY population, index LIMIT $limit
