"""Attributes that the model names itself, in place of the tree's (DeepPersona, Table 9): for comparison.

They live in a taxonomy of the population's own, which has the core attributes and grows by what is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deeppersona_graph.errors import ModelAnswerError
from deeppersona_graph.llm.again import put_until
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Asker, Program, Request
from deeppersona_graph.model.persona import Persona, Trait
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import Path, attribute_id, normal
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.progressive import record_text

LENGTHS = (2, 5)
"""Names on the path of a named attribute, fewest and most."""

TOKENS_A_NAME = 60
"""Tokens that a named attribute with its value may take."""

LONGEST_NAME, LONGEST_VALUE = 80, 160


class NamedAttribute(AnswerModel):
    """One entry of an answer to `name-attributes`."""

    path: list[str]
    value: str


class NamedAttributes(AnswerModel):
    """Answer to `name-attributes`."""

    attributes: list[NamedAttribute]


def name_attributes(
    asker: Asker, profile: str, depth: int, chunk: int, given: Sequence[Given], core: Iterable[Path]
) -> Program[tuple[Trait, ...]]:
    """`depth` attributes with values, the given first, and none of the `core` ones.

    Raises `ModelAnswerError` where no more are named.
    """
    traits = [
        Trait(one.attribute.id, one.attribute.path, one.value, "given", order)
        for order, one in enumerate(given, start=1)
    ]
    known = {_key(path) for path in (*core, *(trait.path for trait in traits))}
    while len(traits) < depth:
        request = naming(asker, profile, traits, min(chunk, depth - len(traits)))

        def fault(named: NamedAttributes) -> str | None:
            new = any(_key(path) not in known for path, _ in _usable(named.attributes))
            return None if new else "none of these is new and in the form asked for"

        answered = yield from put_until(request, fault)
        if fault(answered.value) is not None:
            raise ModelAnswerError(
                f"the model named {len(traits)} attributes and no more, {depth} were asked for; "
                "lower --depth",
                [answered.key],
            )
        for path, value in _usable(answered.value.attributes):
            if _key(path) not in known and len(traits) < depth:
                known.add(_key(path))
                traits.append(
                    Trait(attribute_id(path), path, value, "model", len(traits) + 1, request=answered.key)
                )
    return tuple(traits)


def naming(asker: Asker, profile: str, traits: Sequence[Trait], count: int) -> Request[NamedAttributes]:
    """The request for `count` further attributes."""
    request = asker.request(
        "name-attributes", NamedAttributes, person=profile, record=record_text(traits), count=count
    )
    return request.with_room_for(count * TOKENS_A_NAME)


def attribute_rows(personas: Sequence[Persona]) -> list[dict[str, Any]]:
    """The attributes of these people, and what is above them, as the graph has them; parents come first."""
    rows: dict[Path, dict[str, Any]] = {}
    for trait in (trait for persona in personas for trait in persona.traits):
        for length in range(1, len(trait.path) + 1):
            path = trait.path[:length]
            identity = trait.attribute if length == len(trait.path) else attribute_id(path)
            rows.setdefault(
                path,
                {
                    "id": identity,
                    "name": path[-1],
                    "path": list(path),
                    "draw": draw_of(identity),
                    "parent": rows[path[:-1]]["id"] if length > 1 else None,
                },
            )
    return sorted(rows.values(), key=lambda row: len(row["path"]))


def _usable(named: Sequence[NamedAttribute]) -> Iterator[tuple[Path, str]]:
    for one in named:
        path = tuple(" ".join(name.split()) for name in one.path)
        value = " ".join(one.value.split())
        fits = LENGTHS[0] <= len(path) <= LENGTHS[1] and all(len(name) <= LONGEST_NAME for name in path)
        if fits and len(value) <= LONGEST_VALUE:
            yield path, value


def _key(path: Path) -> tuple[str, ...]:
    return tuple(normal(name) for name in path)
