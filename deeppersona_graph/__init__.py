"""deeppersona-graph: deep synthetic personas from a taxonomy that lives in Neo4j."""
