// The people who share most attributes with one.
MATCH (:Persona {id: $id})-[:HAS]->(a:Attribute)<-[:HAS]-(q:Persona {population: $population})
WHERE q.id <> $id
RETURN q.name AS name, count(*) AS attributes ORDER BY attributes DESC LIMIT 10
