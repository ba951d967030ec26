// What hangs on a taxonomy: attributes, values, people's edges (and those that count), and evidence.
CYPHER 5
CALL () { MATCH (a:Attribute {taxonomy: $taxonomy}) RETURN count(a) AS attributes,
  count(CASE WHEN (a)-[:HAS_CHILD]->() THEN 1 END) AS parents }
CALL () { MATCH (v:Value {taxonomy: $taxonomy}) RETURN count(v) AS values }
CALL () { MATCH (:Persona {population: $taxonomy})-[h:HAS]->() RETURN count(h) AS edges,
  count(CASE WHEN h.source <> 'superseded' THEN 1 END) AS counting }
CALL () { MATCH (:Persona {population: $taxonomy})-[:HAS]->(a)
  RETURN count(DISTINCT a) AS used }
CALL () { MATCH (:Exchange {taxonomy: $taxonomy})-[e:EVIDENCES]->() RETURN count(e) AS evidence }
RETURN attributes, parents, values, edges, counting, used, evidence
