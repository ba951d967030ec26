// Merge attributes, one pair after another: what hangs on the one that goes passes to the one that is kept, which
// then bears row.name, with row.aliases for all other names.
//
// Children, evidence, proposals, decisions and personas' edges move with all their properties. Of two edges of one
// persona the one of lower order stands (core attributes have none, the lowest); the other is kept as 'superseded',
// with its former source in `was`, and counts no more, in the persona's depth neither.
// Spaces: one that is missing, or provisional beside a real one, takes the other over, with what is required for it;
// two spaces of values become one, by key; that of a core attribute stands, as does a kept one where either is of
// numbers, and the other's values are dropped.
// A value that yields to one of the same key leaves it its constraints. What an attribute requires stands, since with
// the other's it would be stricter than either; the other adds alternatives where it requires the same attribute.
// Constraints that are lost (between the two, on dropped values, what stands aside) are counted as unbound.
// Ages are the wider. Support is summed where row.adds says so: an attribute has that of those below it already.
// access: write
// params: taxonomy, rows
// returns: gone, children, evidence, proposals, edges, superseded, moved, united, dropped, unbound, spaces
CYPHER 5
UNWIND $rows AS row
CALL (row) {
  MATCH (k:Attribute {taxonomy: $taxonomy, id: row.keep})
  USING INDEX k:Attribute(taxonomy, id)
  MATCH (g:Attribute {taxonomy: $taxonomy, id: row.gone})
  USING INDEX g:Attribute(taxonomy, id)
  WITH k, g, NOT EXISTS { (k)-[:REQUIRES]->() } AS free, CASE
    WHEN g.value_type IS NULL OR k.core IS NOT NULL THEN 'stands'
    WHEN k.value_type IS NULL THEN 'takes'
    WHEN k.generic AND NOT coalesce(g.generic, false) THEN 'takes'
    WHEN g.generic AND NOT coalesce(k.generic, false) THEN 'stands'
    WHEN 'number' IN [k.value_type, g.value_type] THEN 'stands'
    ELSE 'unites'
  END AS space
  WITH *, CASE space WHEN 'takes' THEN [k, g] ELSE [g, k] END AS rivals, CASE
    WHEN k.value_type IS NULL AND k.min_age IS NULL AND k.max_age IS NULL THEN [g.min_age, g.max_age]
    WHEN g.value_type IS NULL AND g.min_age IS NULL AND g.max_age IS NULL THEN [k.min_age, k.max_age]
    ELSE [CASE WHEN g.min_age < k.min_age THEN g.min_age WHEN g.min_age >= k.min_age THEN k.min_age END,
          CASE WHEN g.max_age > k.max_age THEN g.max_age WHEN g.max_age <= k.max_age THEN k.max_age END]
  END AS ages
  CALL (k, g) {
    MATCH (g)-[e:HAS_CHILD]->(c)
    CREATE (k)-[:HAS_CHILD]->(c)
    SET c.mined_parent = CASE WHEN c.mined_parent = g.id THEN k.id ELSE c.mined_parent END
    DELETE e
    RETURN count(*) AS children
  }
  CALL (k, g) {
    MATCH (g)<-[e:EVIDENCES]-(x)
    CREATE (x)-[new:EVIDENCES]->(k)
    SET new = properties(e)
    DELETE e
    RETURN count(*) AS evidence
  }
  CALL (k, g) {
    MATCH (g)<-[e:BECAME]-(x)
    CREATE (x)-[new:BECAME]->(k)
    SET new = properties(e)
    DELETE e
    RETURN count(*) AS proposals
  }
  CALL (k, g) {
    MATCH (g)-[:DECIDED]->(d)
    MERGE (k)-[:DECIDED]->(d)
  }
  CALL (k, g) {
    UNWIND [k, g] AS a
    MATCH (a)<-[e:HAS]-(p)
    WITH g, p, collect([e, a]) AS found
    WHERE any(one IN found WHERE one[1] = g)
    CALL (g, found) {
      UNWIND found AS one
      WITH one[0] AS e, one[1] = g AS moves
      ORDER BY coalesce(e.source, '') = 'superseded', coalesce(e.order, -1), moves
      RETURN collect([e, moves]) AS ranked
    }
    UNWIND range(0, size(ranked) - 1) AS rank
    WITH p, rank, ranked[rank][0] AS e, ranked[rank][1] AS moves
    WITH p, e, moves, rank > 0 AND coalesce(e.source, '') <> 'superseded' AS yields
    FOREACH (_ IN CASE WHEN yields THEN [1] ELSE [] END |
      SET e.was = e.source, e.source = 'superseded',
          p.depth = p.depth - CASE WHEN e.order IS NULL THEN 0 ELSE 1 END)
    FOREACH (_ IN CASE WHEN moves THEN [1] ELSE [] END |
      CREATE (p)-[new:HAS]->(k)
      SET new = properties(e)
      DELETE e)
    RETURN sum(CASE WHEN moves THEN 1 ELSE 0 END) AS edges, sum(CASE WHEN yields THEN 1 ELSE 0 END) AS superseded
  }
  CALL (k, g) {
    UNWIND [[k, g], [g, k]] AS way
    WITH way[0] AS one, way[1] AS other
    MATCH (one)-[:ADMITS*0..1]->(x)-[r:REQUIRES|EXCLUDES|IMPLIES]->(y)<-[:ADMITS*0..1]-(other)
    WHERE y:Attribute OR type(r) <> 'EXCLUDES'
    DELETE r
    RETURN count(*) AS between
  }
  CALL (rivals) {
    WITH rivals[0] AS one, rivals[1] AS other
    MATCH (one)-[:ADMITS]->(v:Value)
    MATCH (other)-[:ADMITS]->(w:Value)
    WHERE w.key = v.key
    CALL (v, w) {
      MATCH (v)-[r:REQUIRES|EXCLUDES|IMPLIES]->(x)
      WHERE x <> w AND NOT EXISTS {
        MATCH (w)-[s:REQUIRES|EXCLUDES|IMPLIES]->(x)
        WHERE type(s) = type(r) AND coalesce(s.minimum, 'none') = coalesce(r.minimum, 'none')
          AND coalesce(s.maximum, 'none') = coalesce(r.maximum, 'none')
      }
      CREATE (w)-[new:$(type(r))]->(x)
      SET new = properties(r)
    }
    CALL (v, w) {
      MATCH (v)<-[r:REQUIRES|EXCLUDES|IMPLIES]-(x)
      WHERE x <> w AND NOT EXISTS {
        MATCH (w)<-[s:REQUIRES|EXCLUDES|IMPLIES]-(x) WHERE type(s) = type(r)
      }
      CREATE (x)-[new:$(type(r))]->(w)
      SET new = properties(r)
    }
    DETACH DELETE v
    RETURN count(*) AS united
  }
  CALL (rivals, space) {
    WITH rivals[0] AS one, space
    WHERE space <> 'unites'
    MATCH (one)-[:ADMITS]->(v:Value)
    OPTIONAL MATCH (v)-[r:REQUIRES|EXCLUDES|IMPLIES]-()
    WITH collect(DISTINCT v) AS values, count(DISTINCT r) AS lost
    FOREACH (v IN values | DETACH DELETE v)
    RETURN size(values) AS dropped, lost
  }
  CALL (k, g) {
    MATCH (g)-[:ADMITS]->(v:Value)
    WITH k, v ORDER BY v.rank, v.id
    WITH k, collect(v) AS values
    OPTIONAL MATCH (k)-[:ADMITS]->(w:Value)
    WITH k, values, coalesce(max(w.rank), -1) + 1 AS next
    UNWIND range(0, size(values) - 1) AS place
    WITH k, values[place] AS v, next + place AS rank
    CREATE (k)-[:ADMITS]->(v)
    SET v.rank = rank
    RETURN count(*) AS moved
  }
  CALL (k, g, space, free) {
    MATCH (g)-[r:REQUIRES]->(v:Value)<-[:ADMITS]-(owner)
    WITH k, v, r, space = 'takes' AND free OR EXISTS { (k)-[:REQUIRES]->(:Value)<-[:ADMITS]-(owner) } AS passes
    FOREACH (_ IN CASE WHEN passes THEN [1] ELSE [] END | MERGE (k)-[:REQUIRES]->(v))
    RETURN sum(CASE WHEN passes THEN 0 ELSE 1 END) AS waived
  }
  CALL (k, g, space) {
    MATCH (g)<-[r:EXCLUDES]-(v:Value)
    WITH k, v, r, r.minimum IS NULL AND r.maximum IS NULL
      OR CASE space WHEN 'takes' THEN g.value_type ELSE k.value_type END = 'number' AS holds
    WITH k, v, r, holds, holds AND NOT EXISTS {
      MATCH (k)<-[s:EXCLUDES]-(v)
      WHERE coalesce(s.minimum, 'none') = coalesce(r.minimum, 'none')
        AND coalesce(s.maximum, 'none') = coalesce(r.maximum, 'none')
    } AS passes
    FOREACH (_ IN CASE WHEN passes THEN [1] ELSE [] END |
      CREATE (v)-[new:EXCLUDES]->(k)
      SET new = properties(r))
    RETURN sum(CASE WHEN holds THEN 0 ELSE 1 END) AS unfit
  }
  FOREACH (_ IN CASE space WHEN 'takes' THEN [1] ELSE [] END |
    SET k.value_type = g.value_type, k.minimum = g.minimum, k.maximum = g.maximum, k.unit = g.unit,
        k.typical = g.typical, k.at_most = g.at_most, k.at_least = g.at_least, k.generic = g.generic,
        k.described = g.described, k.space = g.space)
  SET k.name = row.name,
      k.aliases = row.aliases,
      k.description = coalesce(k.description, g.description),
      k.support = coalesce(k.support, 0) + CASE WHEN row.adds THEN coalesce(g.support, 0) ELSE 0 END,
      k.min_age = ages[0],
      k.max_age = ages[1],
      k.retired = CASE WHEN k.retired THEN g.retired ELSE k.retired END,
      k.proposed = CASE WHEN k.proposed THEN g.proposed ELSE k.proposed END,
      k.sources = k.sources + [mark IN coalesce(g.sources, []) WHERE NOT mark IN k.sources]
  DETACH DELETE g
  RETURN children, evidence, proposals, edges, superseded, moved, united, dropped,
    between + lost + waived + unfit AS unbound,
    CASE WHEN moved > 0 OR space = 'takes' THEN k.id END AS changed
}
RETURN count(*) AS gone, sum(children) AS children, sum(evidence) AS evidence, sum(proposals) AS proposals,
  sum(edges) AS edges, sum(superseded) AS superseded, sum(moved) AS moved, sum(united) AS united,
  sum(dropped) AS dropped, sum(unbound) AS unbound, collect(DISTINCT changed) AS spaces
