"""Questions to the graph: who shares what, what a population covers, and why a value is there."""
