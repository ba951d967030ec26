"""The command line: one module a command group; each command parses, calls the package once and prints."""
