"""Plain immutable data, without input or output."""
