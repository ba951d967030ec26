// Remove the people of a load.
CYPHER 5
MATCH (p:Persona {population: $taxonomy})
DETACH DELETE p
