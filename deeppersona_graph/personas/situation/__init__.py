"""The situation of a persona: given by the user or drawn from tables, never from a language model.

DeepPersona §3.2, "bias-free value assignment". `draw_situation` is the one to call; the others tell which
countries, cities, names and occupations there are.
"""

from __future__ import annotations

from deeppersona_graph.personas.situation.cities import Place, places, resolve_city
from deeppersona_graph.personas.situation.countries import Country, countries, resolve_country
from deeppersona_graph.personas.situation.draw import draw_situation
from deeppersona_graph.personas.situation.names import draw_name
from deeppersona_graph.personas.situation.occupations import Occupation, occupations, recognise
from deeppersona_graph.personas.situation.tables import VALUES

__all__ = [
    "VALUES",
    "Country",
    "Occupation",
    "Place",
    "countries",
    "draw_name",
    "draw_situation",
    "occupations",
    "places",
    "recognise",
    "resolve_city",
    "resolve_country",
]
