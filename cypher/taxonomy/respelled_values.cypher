// Values whose key is not simply their text in small letters: some were written so, some edited by hand.
// access: read
// params: taxonomy
// returns: id, text, key
CYPHER 5
MATCH (:Attribute {taxonomy: $taxonomy})-[:ADMITS]->(v:Value)
WHERE v.id IS NOT NULL AND v.text IS NOT NULL AND toLower(v.text) <> v.key
RETURN DISTINCT v.id AS id, v.text AS text, v.key AS key
