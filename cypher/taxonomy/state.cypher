// Whether a taxonomy is ready, being imported, or abandoned (an import that was cut off a minute ago or more).
// access: read
// params: taxonomy
// returns: state
CYPHER 5
MATCH (t:Taxonomy {name: $taxonomy})
RETURN CASE
  WHEN t.state = 'ready' THEN 'ready'
  WHEN timestamp() - t.touched < 60000 THEN 'importing'
  ELSE 'abandoned'
END AS state
