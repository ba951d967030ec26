"""The only room that knows the Neo4j driver."""
