// The exchanges behind an attribute or one below it, those of the attribute itself first.
// access: read
// params: taxonomy, attribute, limit
// returns: path, value, question, answer, source, licence, category, personalizable, reason
CYPHER 5
MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute})-[:HAS_CHILD*0..12]->(b:Attribute)
MATCH (b)<-[r:EVIDENCES]-(e:Exchange)
WITH b, e, r ORDER BY size(b.path), b.path, e.id, r.value LIMIT $limit
RETURN b.path AS path, r.value AS value, e.question AS question, e.answer AS answer, e.source AS source,
  e.licence AS licence, e.category AS category, e.personalizable AS personalizable, e.reason AS reason
