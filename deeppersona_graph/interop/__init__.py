"""Other tools on the same graph: py2neo, networkx, pandas."""
