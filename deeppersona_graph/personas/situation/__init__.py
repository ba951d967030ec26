"""The situation of a persona: given by the user or drawn from tables, never from a language model.

DeepPersona §3.2, "bias-free value assignment". `draw_situation` is the one to call; the others tell which
countries, cities, names and occupations there are.
"""

from __future__ import annotations

from deeppersona_graph.model.situation import Conditions
from deeppersona_graph.personas.situation.cities import Place, places, resolve_city
from deeppersona_graph.personas.situation.countries import Country, countries, resolve_country
from deeppersona_graph.personas.situation.draw import draw_situation
from deeppersona_graph.personas.situation.names import draw_name
from deeppersona_graph.personas.situation.occupations import Occupation, occupations, recognise
from deeppersona_graph.personas.situation.tables import VALUES


def load_tables() -> None:
    """Read the tables now that drawing a situation needs, so that the first draw does not wait for them."""
    draw_situation(0, Conditions(), "population")


__all__ = [
    "VALUES",
    "Country",
    "Occupation",
    "Place",
    "countries",
    "draw_name",
    "draw_situation",
    "load_tables",
    "occupations",
    "places",
    "recognise",
    "resolve_city",
    "resolve_country",
]
