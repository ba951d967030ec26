"""Personas: anchors, selection, filling, narration, generation (DeepPersona §3.2)."""
