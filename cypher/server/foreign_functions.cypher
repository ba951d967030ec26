// The functions that plug-ins brought to the server.
// access: read
// params: none
// returns: name
CYPHER 5
SHOW FUNCTIONS YIELD name, isBuiltIn
WHERE NOT isBuiltIn
RETURN name
