"""What every finished person must have, whatever the model answered."""

from __future__ import annotations

import unicodedata

from deeppersona_graph.model.persona import Persona, value_texts
from deeppersona_graph.model.tree import Tree, normal
from deeppersona_graph.personas.violations import violations

LENGTHS = {"none": (0, 0), "concise": (150, 400), "rich": (700, 2000), "biography": (200, 20_000)}
"""Words of a narrative."""


def faults_of(person: Persona, tree: Tree, depth: int, narrative: str = "concise") -> list[str]:
    """A sentence for everything that a person lacks or has too much of; none for a whole one."""
    found = violations(person, tree)
    if not len(person.traits) == len({one.attribute for one in person.traits}) == depth:
        found.append(f"{len(person.traits)} attributes")
    if [one.order for one in person.traits] != list(range(1, depth + 1)):
        found.append("the order has gaps")
    for trait in (*person.core, *person.traits):
        texts = value_texts(trait.value)
        if not texts or not all(_seen(text) for text in texts):
            found.append(f"{trait.path} is empty")
        if (trait.source == "model") != (trait.request is not None):
            found.append(f"{trait.path} is from {trait.source}, request {trait.request}")
        if trait.source == "bank":
            found.append(f"{trait.path} is from the bank")
    inner = person.inner
    texts = (inner.values, inner.attitude, inner.attitude_details, inner.coping_mechanism)
    if not all(_seen(text) for text in (*texts, *inner.stories, *inner.interests)):
        found.append("something of the inner core is empty")
    if not 1 <= len(inner.stories) <= 3 or not inner.interests:
        found.append(f"{len(inner.stories)} stories, {len(inner.interests)} interests")
    if len({normal(one) for one in inner.interests}) < len(inner.interests):
        found.append("an interest is there twice")
    low, high = LENGTHS[narrative]
    if not low <= len(person.narrative.split()) <= high:
        found.append(f"a narrative of {len(person.narrative.split())} words")
    if bool(person.narrative) != bool(person.narrative_requests):
        found.append("the narrative has no origin")
    return found


def _seen(text: str) -> bool:
    """Whether there is anything in a text that can be read."""
    return any(unicodedata.category(one)[0] in "LNSP" for one in text)
