// The indexes, with the label and the properties each serves and whether it keeps them unique.
// access: read
// params: none
// returns: name, label, properties, unique
CYPHER 5
SHOW INDEXES YIELD name, labelsOrTypes, properties, owningConstraint
WHERE labelsOrTypes IS NOT NULL AND properties IS NOT NULL
RETURN name, labelsOrTypes[0] AS label, properties, owningConstraint IS NOT NULL AS unique
ORDER BY label, properties
