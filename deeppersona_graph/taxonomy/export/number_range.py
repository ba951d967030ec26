"""The value space of a number in words."""

from __future__ import annotations

from deeppersona_graph.model.tree import Attribute


def number_range(attribute: Attribute) -> str:
    """Such as "0 to 20 a week"; empty where the attribute is no number with bounds."""
    if attribute.minimum is None or attribute.maximum is None:
        return ""
    unit = f" {attribute.unit}" if attribute.unit else ""
    return f"{attribute.minimum:,.12g} to {attribute.maximum:,.12g}{unit}"
