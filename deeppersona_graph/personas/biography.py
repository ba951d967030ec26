"""A biography read by a language model: what it says becomes anchors, kept to the letter (DeepPersona §3.3).

First the situation and the core profile are taken down, then further facts are filed under attributes of the
tree: those nearest in meaning are offered, the model takes one or none. What contradicts the user's own
anchors, or cannot be, is left out and told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from deeppersona_graph.errors import InputError
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Asker, Program, Request, have_done, put
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute
from deeppersona_graph.personas.anchors import Anchors, resolve_anchors
from deeppersona_graph.personas.progressive import asked
from deeppersona_graph.personas.spaces import whole_space
from deeppersona_graph.personas.workbench import Workbench

OFFERED = 6
"""Attributes that are offered for a fact."""

CLOSED_KEYS = ("sex", "education", "employment", "partnership", "parenthood", "household", "income", "faith")
OPEN_KEYS = ("country", "age", "city", "occupation", "name", "values", "attitude")


class Fact(AnswerModel):
    """Something definite that a biography says beyond the situation."""

    about: str
    value: str


class ReadBiography(AnswerModel):
    """Answer to `read-biography`."""

    country: str | None = None
    age: str | None = None
    sex: str | None = None
    city: str | None = None
    education: str | None = None
    employment: str | None = None
    occupation: str | None = None
    partnership: str | None = None
    parenthood: str | None = None
    household: str | None = None
    income: str | None = None
    faith: str | None = None
    name: str | None = None
    values: str | None = None
    attitude: str | None = None
    interests: list[str] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)


class PlacedFact(AnswerModel):
    """One fact of an answer to `place-facts`."""

    fact: int
    attribute: str | None = None
    values: list[str] | None = None


class PlacedFacts(AnswerModel):
    """Answer to `place-facts`."""

    facts: list[PlacedFact]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a biography: `kept` are anchors as `Attribute=value`, `left_out` those that cannot hold,
    each with the reason."""

    anchors: Anchors
    kept: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """Finds the attributes nearest in meaning to texts."""

    bench: Workbench
    most: int = 50

    def __call__(self, wanted: Sequence[Sequence[str]]) -> list[list[list[Attribute]]]:
        vectors = self.bench.embedder.embed([text for texts in wanted for text in texts])
        rows = self.bench.graph.read(
            "personas/nearest_attributes",
            taxonomy=self.bench.tree.name,
            vectors=vectors.tolist(),
            limit=OFFERED,
        )
        found = iter([self.bench.tree.by_id[identity] for identity in row["ids"]] for row in rows)
        return [[next(found) for _ in texts] for texts in wanted]


def read_biography(
    asker: Asker,
    bench: Workbench,
    finding: Finding,
    wanted: Specification,
    text: str,
    check: Callable[[Anchors], object],
) -> Program[Reading]:
    """The anchors of a specification together with what a biography says; the text itself stays one.

    `check` raises `InputError` for anchors that nobody can meet.
    """
    read = yield from put(biography_request(asker, bench, text))
    groups = [[one] for one in _situation(read.value)]
    kept: list[str] = []
    left_out: list[tuple[str, str]] = []
    if read.value.facts:
        placed = yield from _place(asker, finding, read.value.facts)
        groups += placed.values()
        left_out += [
            (f"{fact.about}={fact.value}", "no attribute of the tree asks for it")
            for number, fact in enumerate(read.value.facts, start=1)
            if number not in placed
        ]
    plain = replace(wanted, biography=text, biography_unread=True, sketches=None)
    anchors = resolve_anchors(plain, bench.tree, bench.constraints)
    for group in groups:
        trial = replace(plain, anchors=(*plain.anchors, *kept, *group))
        try:
            tried = _as_said(resolve_anchors(trial, bench.tree, bench.constraints))
            check(tried)
        except InputError as error:
            left_out += [(one, str(error)) for one in group]
        else:
            anchors = tried
            kept += group
    return Reading(anchors, tuple(kept), tuple(left_out))


def _as_said(anchors: Anchors) -> Anchors:
    """Who is said to live in a place lives there and not near it; it may be one that no table has."""
    conditions = anchors.conditions
    allowed = dict(conditions.allowed)
    if "city" in conditions.given:
        allowed.setdefault("settlement", frozenset(("city", "town")))
    return replace(anchors, conditions=replace(conditions, allowed=allowed, unlisted=True))


def biography_request(asker: Asker, bench: Workbench, text: str) -> Request[ReadBiography]:
    """The request that has a biography read."""
    return asker.request("read-biography", ReadBiography, biography=text, choices=_choices(bench))


def placing_request(
    asker: Asker, facts: Sequence[str], offered: Sequence[Sequence[Attribute]]
) -> Request[PlacedFacts]:
    """The request that has facts filed under the attributes that are offered for each."""
    listed = "\n".join(
        f"{number}. {fact}"
        + "".join(
            f"\n   {_letter(place)}. {asked(one)} {whole_space(one)}" for place, one in enumerate(attributes)
        )
        for number, (fact, attributes) in enumerate(zip(facts, offered, strict=True), start=1)
    )
    return asker.request("place-facts", PlacedFacts, facts=listed)


def _choices(bench: Workbench) -> str:
    core = bench.tree.core
    return "\n".join(f"{key}: {' | '.join(value.text for value in core[key].values)}" for key in CLOSED_KEYS)


def _situation(read: ReadBiography) -> Iterator[str]:
    for key in (*OPEN_KEYS, *CLOSED_KEYS):
        said = getattr(read, key)
        if said is not None:
            yield f"{key}={said.replace('-', ':') if key == 'age' else said}"
    for interest in read.interests:
        yield f"interests={interest}"


def _place(asker: Asker, finding: Finding, facts: Sequence[Fact]) -> Program[dict[int, list[str]]]:
    """The anchors that facts become, by the number of the fact; those without an attribute are missing."""
    texts = [f"{fact.about}: {fact.value}" for fact in facts]
    offered = yield from have_done(finding, texts)
    placed = yield from put(placing_request(asker, texts, offered))
    letters = {_letter(place): place for place in range(OFFERED)}
    groups: dict[int, list[str]] = {}
    for one in placed.value.facts:
        place = letters.get((one.attribute or "").strip(". ").lower())
        if place is None or not one.values or not 1 <= one.fact <= len(facts):
            continue
        attributes = offered[one.fact - 1]
        if place < len(attributes):
            path = json.dumps(attributes[place].path, ensure_ascii=False)
            groups[one.fact] = [f"{path}={value}" for value in one.values]
    return groups


def _letter(place: int) -> str:
    return "abcdefghij"[place]
