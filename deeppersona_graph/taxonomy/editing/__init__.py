"""Edits of the tree by command: each one transaction, logged, tried first where that is asked for."""
