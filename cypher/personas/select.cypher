// The stochastic breadth-first traversal in strata (DeepPersona §3.2), for many personas at once.
//
// A node's waiting time after its parent is -ln(u)/w, with u from its stored draw and the persona's (a, b);
// arrival is the sum along the path below the root, and 0 along the paths of given anchors (explored). Every
// root has one child explored at the start: the waits of a root's children are counted from the shortest of
// them, which, exponential waits having no memory, leaves the law of the rest of the walk as it is.
// The weight is w = bias / siblings / (1 + support)^alpha / (1 + uses)^beta; in a tree without evidence the
// number of leaves below stands for support. The inverse of w is kept, as slowness.
// A person has one value of each core attribute, so the situation suits an attribute when as many of the
// values it needs are among the person's as there are core attributes they belong to.
// Vectors are of unit length, so the cosine follows from the Euclidean similarity 1 / (1 + d^2), which the
// server computes three times as fast. Candidates ranked by it fall into thirds: strata 0, 1, 2.
// Returned are, a stratum, the first $reserve in order of arrival, then the attributes those require, however
// late they arrive; a row is [id, stratum, similarity, arrival].
// With $drawn, an attribute counts as a candidate only if it has a value space to draw from.
// access: read
// params: taxonomy, drawn, alpha, beta, biases, population, before, reserve, personas
// returns: index, applicable, reserves, required
CYPHER 5
MATCH line = (:Attribute {taxonomy: $taxonomy, depth: 1})-[:HAS_CHILD*0..11]->(parent:Attribute)
WHERE (parent)-[:HAS_CHILD]->()
WITH parent, nodes(line) AS line
WHERE none(n IN line WHERE coalesce(n.retired, false))
WITH parent, line[0] AS root, line[1..] AS above, [i IN range(0, size(line) - 1) |
  reduce(f = 1.0, b IN $biases | CASE WHEN any(n IN line[..i + 1] WHERE n.id = b.id) THEN f * b.factor ELSE f END)
] AS biases
WHERE none(bias IN biases WHERE bias = 0.0)
WITH parent, root, biases[-1] AS inherited, {
  ids: [n IN above | n.id],
  draws: [n IN above | n.draw],
  slowness: [i IN range(0, size(above) - 1) | above[i].siblings / biases[i + 1]
    * (1.0 + CASE WHEN above[i].support > 0 THEN above[i].support ELSE above[i].leaves END) ^ $alpha]
} AS branch
MATCH (parent)-[:HAS_CHILD]->(a:Attribute)
WHERE a.core IS NULL AND (a.value_type IS NOT NULL OR NOT (a)-[:HAS_CHILD]->())
  AND NOT coalesce(a.retired, false)
  AND (NOT $drawn OR a.minimum IS NOT NULL OR EXISTS { (a)-[:ADMITS]->() })
WITH root, branch, a,
  reduce(f = inherited, b IN $biases | CASE WHEN b.id = a.id THEN f * b.factor ELSE f END) AS bias,
  [(a)-[:REQUIRES]->(v)<-[:ADMITS]-(owner) | [owner.core IS NOT NULL, owner.id, v.id]] AS requires
WHERE bias > 0.0
WITH root, branch, a, [r IN requires WHERE r[0]] AS needs,
  a.siblings / bias * (1.0 + CASE WHEN a.support > 0 THEN a.support ELSE a.leaves END) ^ $alpha
    * CASE WHEN $beta = 0.0 THEN 1.0 ELSE
        (1.0 + COUNT { (a)<-[has:HAS]-(p:Persona {population: $population})
          WHERE p.index < $before AND coalesce(has.source, '') <> 'superseded' }) ^ $beta
      END AS slowness
WITH root, branch, collect({
  id: a.id, draw: a.draw, slowness: slowness, embedding: a.embedding,
  low: coalesce(a.min_age, 0), high: coalesce(a.max_age, 999),
  needs: reduce(found = [], n IN needs | CASE WHEN n[2] IN found THEN found ELSE found + n[2] END),
  owners: reduce(found = [], n IN needs | CASE WHEN n[1] IN found THEN found ELSE found + n[1] END),
  required: coalesce(a.required, []), prerequisite: a.prerequisite
}) AS leaves
WITH root, collect({ids: branch.ids, draws: branch.draws, slowness: branch.slowness, leaves: leaves}) AS branches
WITH collect(branches) AS roots
UNWIND $personas AS p
CALL (roots, p) {
  UNWIND roots AS branches
  WITH [b IN branches | {leaves: b.leaves, waits: [i IN range(0, size(b.ids) - 1) |
    CASE WHEN b.ids[i] IN p.explored THEN 0.0 ELSE
      -log(((b.draws[i] * p.a + p.b) % 2147483647 + 1) / 2147483648.0) * b.slowness[i] END]}] AS branches
  WITH branches, reduce(least = 1e300, b IN branches |
    CASE WHEN size(b.waits) > 0 THEN CASE WHEN b.waits[0] < least THEN b.waits[0] ELSE least END ELSE
      reduce(least = least, leaf IN b.leaves | CASE
        WHEN leaf.id IN p.explored THEN 0.0
        WHEN -log(((leaf.draw * p.a + p.b) % 2147483647 + 1) / 2147483648.0) * leaf.slowness < least
        THEN -log(((leaf.draw * p.a + p.b) % 2147483647 + 1) / 2147483648.0) * leaf.slowness
        ELSE least END)
    END) AS least
  UNWIND branches AS branch
  WITH branch.leaves AS leaves, reduce(t = -least, wait IN branch.waits | t + wait) AS start
  UNWIND leaves AS leaf
  WITH leaf, start
  WHERE leaf.low <= p.age AND leaf.high >= p.age
    AND (size(leaf.needs) = 0 OR size([v IN leaf.needs WHERE v IN p.situation]) = size(leaf.owners))
  WITH leaf, vector.similarity.euclidean(leaf.embedding, p.profile) AS closeness,
    CASE WHEN leaf.id IN p.explored THEN 0.0 ELSE
      start - log(((leaf.draw * p.a + p.b) % 2147483647 + 1) / 2147483648.0) * leaf.slowness END AS arrival
  ORDER BY closeness DESC, leaf.id
  WITH collect([leaf, closeness, arrival]) AS ranked
  WITH ranked, size(ranked) AS applicable
  UNWIND range(0, applicable - 1) AS rank
  WITH applicable, ranked[rank] AS found, rank * 3 / applicable AS stratum
  ORDER BY found[2], found[0].id
  WITH applicable, stratum, collect(found) AS arrivals
  ORDER BY stratum
  WITH applicable, stratum, arrivals[..$reserve[stratum]] AS kept,
    [f IN arrivals[$reserve[stratum]..] WHERE f[0].prerequisite] AS later
  WITH applicable, collect({stratum: stratum, kept: kept, later: later}) AS strata
  WITH applicable, strata, reduce(all = [], s IN strata | reduce(of = all, f IN s.kept | of + f[0].required)) AS wanted
  RETURN applicable,
    reduce(all = [], s IN strata |
      all + [f IN s.kept | [f[0].id, s.stratum, 1.5 - 0.5 / f[1], f[2]]]) AS reserves,
    reduce(all = [], s IN strata |
      all + [f IN s.later WHERE f[0].id IN wanted | [f[0].id, s.stratum, 1.5 - 0.5 / f[1], f[2]]]) AS required
}
RETURN p.index AS index, applicable, reserves, required
