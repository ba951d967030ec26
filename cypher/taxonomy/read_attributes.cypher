// All attributes of a taxonomy that sync has taken in, with their properties, vectors aside.
// access: read
// params: taxonomy
// returns: attribute
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.id IS NOT NULL AND a.path IS NOT NULL
RETURN a {
  .id, .path, .description, .value_type, .minimum, .maximum, .typical, .unit, .at_most, .at_least,
  .min_age, .max_age, .core, .support, .retired, .generic, .proposed, .aliases, .bias
} AS attribute
