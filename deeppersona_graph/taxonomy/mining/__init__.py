"""Stage 1: the Human-Attribute Tree, mined from dialogues (DeepPersona §3.1, Algorithms 1 to 3)."""
