// One record of the schema's version.
// access: schema
// params: none
// returns: none
CYPHER 5
CREATE CONSTRAINT schema_name IF NOT EXISTS FOR (s:Schema) REQUIRE s.name IS UNIQUE
