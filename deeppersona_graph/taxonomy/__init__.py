"""The Human-Attribute Tree: reading, importing, synchronising, exporting."""
