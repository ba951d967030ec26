// The other names that mining gave attributes, whoever made those.
// access: read
// params: taxonomy
// returns: id, aliases
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy})
WHERE a.mined_aliases IS NOT NULL
RETURN a.id AS id, a.mined_aliases AS aliases
