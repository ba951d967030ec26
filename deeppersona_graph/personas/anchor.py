"""The first step of Stage 2: the core profile of one person, given and drawn (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.persona import InnerCore, Source, Trait, TraitValue
from deeppersona_graph.model.seeds import GOLDEN, digest, persona_seed
from deeppersona_graph.model.situation import SITUATION_KEYS, Sampling, Situation
from deeppersona_graph.model.tree import Attribute, Tree, Value
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.inner_core import attitude_text, draw_inner_core
from deeppersona_graph.personas.profile import profile_texts, profile_vectors
from deeppersona_graph.personas.select import Seeker
from deeppersona_graph.personas.situation import draw_situation


@dataclass(frozen=True, slots=True)
class Anchored:
    """A person with a core profile and nothing else yet."""

    index: int
    seed: int
    """The persona's own seed."""
    situation: Situation
    inner: InnerCore
    requests: Mapping[str, str] = field(default_factory=dict)
    """Requests to a language model that parts of the inner core come from, by key of the core attribute."""


def anchor(
    anchors: Anchors,
    sampling: Sampling,
    seed: int,
    index: int,
    taken: Collection[str],
    embedder: Embedder,
) -> Anchored:
    """The core profile of the person `index` of the run with `seed`, from tables and the bank."""
    own = persona_seed(seed, index)
    situation = situate(anchors, sampling, seed, index, taken)

    def closest(text: str, others: Sequence[str]) -> int:
        vectors = embedder.embed([text, *others])
        return int((vectors[1:] @ vectors[0]).argmax())

    return Anchored(index, own, situation, draw_inner_core(own, situation, anchors.inner, closest))


def situate(
    anchors: Anchors, sampling: Sampling, seed: int, index: int, taken: Collection[str] = ()
) -> Situation:
    """The situation of the person `index` of the run with `seed`; `taken` are full names in use."""
    own = persona_seed(seed, index)
    return draw_situation(own, anchors.conditions, sampling, taken, _quantile(seed, index))


def seekers(people: Sequence[tuple[Anchored, Anchors]], tree: Tree, embedder: Embedder) -> list[Seeker]:
    """The people as selection sees them, their profiles embedded together."""
    texts = [
        profile_texts(person.situation, person.inner, anchors.sentences, anchors.biography)
        for person, anchors in people
    ]
    return [
        Seeker(
            index=person.index,
            seed=person.seed,
            age=person.situation.age,
            country=person.situation.country,
            situation=tuple(value.id for _, value in core_values(tree, person.situation)),
            explored=explored(anchors, tree),
            profile=vector,
        )
        for (person, anchors), vector in zip(people, profile_vectors(embedder, texts), strict=True)
    ]


def explored(anchors: Anchors, tree: Tree) -> tuple[str, ...]:
    """Ids of the attributes on the paths of what is given."""
    on_paths = {path[:length] for path in anchors.explored for length in range(1, len(path) + 1)}
    return tuple(sorted(tree.by_path[path].id for path in on_paths))


def core_values(tree: Tree, situation: Situation) -> list[tuple[Attribute, Value]]:
    """The core attributes with closed value spaces, each with the value the situation has."""
    found = []
    for key in SITUATION_KEYS:
        attribute, text = tree.core[key], situation.value(key)
        value = None if text is None else tree.value(attribute, str(text))
        if value is not None:
            found.append((attribute, value))
    return found


def with_core(constraints: Constraints, situation: Situation) -> Filled:
    """What filling begins with: the core values of a situation."""
    filled = Filled(constraints)
    for attribute, value in core_values(constraints.tree, situation):
        filled.add(attribute, (value,))
    return filled


def core_traits(tree: Tree, anchors: Anchors, person: Anchored) -> tuple[Trait, ...]:
    """The core attributes as attribute-value pairs, by path; somebody who never worked has no occupation."""
    conditions = anchors.conditions
    given = {*conditions.given} | {key for key, values in conditions.allowed.items() if len(values) == 1}
    if conditions.min_age == conditions.max_age:
        given.add("age")
    pairs: list[tuple[str, TraitValue, bool]] = []
    for key in SITUATION_KEYS:
        value = person.situation.value(key)
        if value is not None:
            pairs.append((key, value, key in given))
    inner = person.inner
    pairs += [
        ("values", inner.values, anchors.inner.values is not None),
        ("attitude", attitude_text(inner) if inner.attitude else "", anchors.inner.attitude is not None),
        ("story", inner.stories, bool(anchors.inner.stories)),
        ("interests", inner.interests, bool(anchors.inner.interests)),
    ]
    return tuple(
        Trait(
            attribute=tree.core[key].id,
            path=tree.core[key].path,
            value=value,
            source="given" if is_given else _drawn_from(key, person),
            request=None if is_given else person.requests.get(key),
        )
        for key, value, is_given in sorted(pairs, key=lambda pair: tree.core[pair[0]].path)
        if value
    )


def _drawn_from(key: str, person: Anchored) -> Source:
    if key in SITUATION_KEYS:
        return "table"
    return "model" if key in person.requests else "bank"


def _quantile(seed: int, index: int) -> float:
    """The person's place in the joint distribution of country, age and sex: a shifted Weyl sequence."""
    shift = int.from_bytes(digest("quantile", seed)[:6]) / 2**48
    return (shift + index * GOLDEN) % 1.0
