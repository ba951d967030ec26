// All attributes of a taxonomy with their properties, vectors aside.
// access: read
// params: taxonomy
// returns: attribute
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
RETURN a {
  .id, .path, .description, .value_type, .minimum, .maximum, .typical, .unit, .at_most, .at_least,
  .min_age, .max_age, .core, .support, .retired, .generic, .aliases
} AS attribute
