"""The part of the API about why a persona has a value: the chain from the value back to where it came from.

with deeppersona_graph.connect() as dp:
    found = dp.why("Maya Tremblay", "Diet")
    print(found.pair.value, found.words, found.answer.part)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.why import Edit, Pair, Told, in_words, pairs, told
from deeppersona_graph.llm.store import FILE, open_store
from deeppersona_graph.model.addressing import find_attribute, split_assignment
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.persona import Persona, Trait, plain, shown_value
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown
from deeppersona_graph.personas.again import select_again
from deeppersona_graph.personas.place import Place, place_of
from deeppersona_graph.personas.profile import centre
from deeppersona_graph.personas.store import find_persona, read_personas
from deeppersona_graph.taxonomy.history import edits_of
from deeppersona_graph.taxonomy.mining.why import Why as Behind
from deeppersona_graph.taxonomy.mining.why import why as behind

EVIDENCE = 5
"""Exchanges shown behind an attribute, unless more are asked for."""

NEAREST = 3
"""Attributes of the persona named in place of one that it lacks."""


@dataclass(frozen=True, slots=True)
class Why:
    """The chain from a value back; what is missing of it is said in `notes`, by its name."""

    persona: Persona
    attribute: Attribute
    pair: Pair
    """The edge that counts or, where none does, one that was superseded."""
    words: str
    """Who gave or drew the value."""
    superseded: tuple[Pair, ...]
    """Edges beside it that count no more."""
    share: float | None
    """The value's share in percent of those to whom it applies, where the taxonomy has one."""
    place: Place | None
    answer: Told | None
    behind: Behind
    """The dialogues that evidence the attribute, and what was decided about it."""
    edits: tuple[Edit, ...]
    """What was done to the attribute since, oldest first."""
    taxonomy_version: int
    """The taxonomy's version now."""
    notes: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        one = self.persona
        return {
            "persona": {
                "id": one.id, "name": one.situation.name, "population": one.population, "index": one.index,
                "seed": one.seed, "own_seed": persona_seed(one.seed, one.index),
            },
            "taxonomy": {"name": one.taxonomy, "then": one.taxonomy_version, "now": self.taxonomy_version},
            "attribute": {"id": self.attribute.id, "path": list(self.attribute.path)},
            **_plain_pair(self.pair),
            "words": self.words,
            "share": self.share,
            "superseded": [_plain_pair(pair) for pair in self.superseded],
            "place": None if self.place is None else asdict(self.place),
            "answer": None if self.answer is None else asdict(self.answer),
            "support": self.attribute.support,
            "evidence": [{**asdict(one), "path": list(one.path)} for one in self.behind.evidence],
            "edits": [asdict(edit) for edit in self.edits],
            "notes": dict(self.notes),
        }  # fmt: skip


class Provenance(Connected):
    """Why a persona has what it has."""

    def why(self, persona: str, attribute: str, *, evidence: int = EVIDENCE) -> Why:
        """The chain from a value back: who gave or drew it, in which run, from which answer, on what
        evidence.

        At most `evidence` of the exchanges behind the attribute are read. Raises `UnknownNameError` for a
        persona or an attribute that nobody knows, and `InputError` where the persona lacks the attribute,
        saying how near that was and what it has instead.
        """
        person = next(read_personas(self.graph, [find_persona(self.graph, persona)]))
        tree = self._in_step(person.taxonomy)
        wanted = find_attribute(tree, attribute)
        found = pairs(self.graph, person.id, tree.name, wanted.id)
        if not found:
            raise InputError(self._lack(person, tree, wanted))
        notes: dict[str, str] = {}
        pair = found[0]
        place: Place | str | None = None
        if pair.order is not None and not pair.superseded:
            place = self._place(tree, person, wanted, pair.version or person.taxonomy_version)
        if isinstance(place, str):
            notes["selection"] = place
        return Why(
            persona=person,
            attribute=wanted,
            pair=pair,
            words=in_words(pair, wanted.core, from_biography=_was_read(person, tree, wanted)),
            superseded=tuple(found[1:]),
            share=_share(wanted, pair),
            place=place if isinstance(place, Place) else None,
            answer=self._answer(pair, wanted, person, notes),
            behind=behind(self.graph, tree.name, wanted, evidence),
            edits=_edits(self.graph, tree, wanted, pair.version),
            taxonomy_version=tree.version,
            notes=notes,
        )

    def _answer(
        self, pair: Pair, attribute: Attribute, person: Persona, notes: dict[str, str]
    ) -> Told | None:
        """The answer that the value came from, where it came from one and the store has it."""
        if pair.request is None:
            return None
        if (self.settings.data_dir / FILE).is_file():
            with open_store(self.settings) as store:
                for answer in store.answers([pair.request]):
                    return told(answer, pair, attribute.name, person)
        notes["answer"] = (
            f"the store of answers in {self.settings.data_dir} lacks the request {pair.request}; "
            "the value was made from another data folder, or the answer was set aside since"
        )
        return None

    def _place(self, tree: Tree, person: Persona, wanted: Attribute, version: int) -> Place | str:
        """Where the attribute stood when a value was made at a version; or why that is not told."""
        if tree.version != version:
            return (
                f"not made again: the taxonomy is at version {tree.version}, the value was made at {version}"
            )
        again = select_again(self.graph, tree, person, lambda: centre(self.embedder))
        return f"not made again: {again}" if isinstance(again, str) else place_of(again, wanted)

    def _lack(self, person: Persona, tree: Tree, wanted: Attribute) -> str:
        """What is to be said where the persona lacks the attribute."""
        place = self._place(tree, person, wanted, person.taxonomy_version)
        if isinstance(place, Place):
            taken = sum(1 for one in person.traits if one.stratum == place.stratum)
            place = (
                f"it was {place.stratum} (similarity {place.similarity:.3f}) and number {place.rank:,} of "
                f"{place.among:,} there to arrive, of which {taken:,} were taken"
            )
        near = (f"{shown(one.path)} = {shown_value(one.value)}" for one in _nearest(person, wanted))
        return (
            f"{person.situation.name} ({person.id}) has no {shown(wanted.path)!r}: {place}; "
            f"nearest of what there is: {'; '.join(near)}"
        )


def _edits(graph: Graph, tree: Tree, attribute: Attribute, since: int | None) -> tuple[Edit, ...]:
    """The changes that touched an attribute after a version, oldest first."""
    if since is None or since >= tree.version:
        return ()
    found = sorted(edits_of(graph, tree.name, attribute.id, since), key=lambda entry: entry.version)
    return tuple(Edit(one.version, one.operation, one.summary, one.time, one.undone) for one in found)


def _was_read(person: Persona, tree: Tree, wanted: Attribute) -> bool:
    """Whether a language model read the value out of the biography."""
    return any(split_assignment(tree, text)[0].id == wanted.id for text in person.read)


def _share(attribute: Attribute, pair: Pair) -> float | None:
    if not isinstance(pair.value, str):
        return None
    key = normal(pair.value)
    return next((value.weight for value in attribute.values if normal(value.text) == key), None)


def _nearest(person: Persona, wanted: Attribute) -> list[Trait]:
    """The persona's attributes that stand nearest in the tree, where none does those of the likest names."""
    named: dict[str, Trait] = {one.path[-1]: one for one in (*person.traits, *person.core)}
    by_branch = sorted(person.traits, key=lambda one: -_common(one.path, wanted.path))[:NEAREST]
    close = [one for one in by_branch if _common(one.path, wanted.path)]
    return close or [named[name] for name in nearest(wanted.name, list(named))] or list(person.core[:NEAREST])


def _common(path: Sequence[str], other: Sequence[str]) -> int:
    """How many names two paths begin with alike."""
    same = 0
    for one, two in zip(path, other, strict=False):
        if one != two:
            break
        same += 1
    return same


def _plain_pair(pair: Pair) -> dict[str, Any]:
    return {**asdict(pair), "value": plain(pair.value)}
