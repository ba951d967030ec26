// The people for whom an expression holds, in order of population and index: how many, and the first of them.
// A term is {place, attribute, operator, keys, number}: the attribute is had, whatever its value (has), with a value
// among keys (is) or with none among them (other), or with a number that compares so with the given one.
// The program is the expression in postfix order: the place of a term, -1 for and, -2 for or, -3 for not.
// With $everybody, all people of the taxonomy are looked at, else those alone for whom a term holds.
// access: read
// params: taxonomy, population, terms, program, everybody, limit
// returns: count, people
CYPHER 5
CALL () {
  UNWIND $terms AS term
  MATCH (a:Attribute {taxonomy: $taxonomy, id: term.attribute})
  USING INDEX a:Attribute(taxonomy, id)
  MATCH (a)<-[has:HAS]-(p:Persona)
  WHERE ($population IS NULL OR p.population = $population) AND coalesce(has.source, '') <> 'superseded'
    AND CASE term.operator
      WHEN 'has' THEN true
      WHEN 'is' THEN any(key IN has.keys WHERE key IN term.keys)
      WHEN 'other' THEN none(key IN has.keys WHERE key IN term.keys)
      WHEN '=' THEN has.value = term.number
      WHEN '!=' THEN has.value <> term.number
      WHEN '<' THEN has.value < term.number
      WHEN '<=' THEN has.value <= term.number
      WHEN '>' THEN has.value > term.number
      WHEN '>=' THEN has.value >= term.number
    END
  RETURN p, term.place AS place
  UNION ALL
  MATCH (population:Population)
  WHERE population.name IS NOT NULL AND $everybody AND ($population IS NULL OR population.name = $population)
  MATCH (population)-[:CONTAINS]->(p:Persona {taxonomy: $taxonomy})
  RETURN p, -1 AS place
}
WITH p, collect(DISTINCT place) AS met
WHERE reduce(stack = [], step IN $program | CASE step
  WHEN -1 THEN stack[..-2] + [stack[-2] AND stack[-1]]
  WHEN -2 THEN stack[..-2] + [stack[-2] OR stack[-1]]
  WHEN -3 THEN stack[..-1] + [NOT stack[-1]]
  ELSE stack + [(step IN met)]
END)[0]
WITH p ORDER BY p.population, p.index
WITH collect(p) AS found
RETURN size(found) AS count, [p IN found[..$limit] | {id: p.id, name: p.name, population: p.population,
  index: p.index, age: p.age, sex: p.sex, city: p.city, country: p.country_name, occupation: p.occupation}] AS people
