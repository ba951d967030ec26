// How many taxonomies there are.
MATCH (t:Taxonomy) RETURN count(t) AS taxonomies
