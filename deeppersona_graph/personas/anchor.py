"""The first step of Stage 2: the core profile of one person, given and drawn (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.persona import InnerCore, Source, Trait, TraitValue
from deeppersona_graph.model.seeds import GOLDEN, digest, persona_seed
from deeppersona_graph.model.situation import SITUATION_KEYS, Sampling, Situation
from deeppersona_graph.model.tree import Attribute, Tree, Value
from deeppersona_graph.personas.anchors import Anchors
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


def anchor(
    anchors: Anchors,
    sampling: Sampling,
    seed: int,
    index: int,
    taken: Collection[str],
    embedder: Embedder,
) -> Anchored:
    """The core profile of the person `index` of the run with `seed`; `taken` are full names in use."""
    own = persona_seed(seed, index)
    situation = draw_situation(own, anchors.conditions, sampling, taken, _quantile(seed, index))

    def closest(text: str, others: Sequence[str]) -> int:
        vectors = embedder.embed([text, *others])
        return int((vectors[1:] @ vectors[0]).argmax())

    return Anchored(index, own, situation, draw_inner_core(own, situation, anchors.inner, closest))


def seekers(people: Sequence[Anchored], anchors: Anchors, tree: Tree, embedder: Embedder) -> list[Seeker]:
    """The people as selection sees them, their profiles embedded together."""
    texts = [profile_texts(p.situation, p.inner, anchors.sentences, anchors.biography) for p in people]
    on_paths = {path[:length] for path in anchors.explored for length in range(1, len(path) + 1)}
    explored = tuple(sorted(tree.by_path[path].id for path in on_paths))
    return [
        Seeker(
            index=person.index,
            seed=person.seed,
            age=person.situation.age,
            country=person.situation.country,
            situation=tuple(value.id for _, value in core_values(tree, person.situation)),
            explored=explored,
            profile=vector,
        )
        for person, vector in zip(people, profile_vectors(embedder, texts), strict=True)
    ]


def core_values(tree: Tree, situation: Situation) -> list[tuple[Attribute, Value]]:
    """The core attributes with closed value spaces, each with the value the situation has."""
    found = []
    for key in SITUATION_KEYS:
        attribute, text = tree.core[key], situation.value(key)
        value = None if text is None else tree.value(attribute, str(text))
        if value is not None:
            found.append((attribute, value))
    return found


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
        ("attitude", attitude_text(inner), anchors.inner.attitude is not None),
        ("story", inner.stories, bool(anchors.inner.stories)),
        ("interests", inner.interests, bool(anchors.inner.interests)),
    ]
    return tuple(
        Trait(tree.core[key].id, tree.core[key].path, value, "given" if is_given else _drawn_from(key))
        for key, value, is_given in sorted(pairs, key=lambda pair: tree.core[pair[0]].path)
    )


def _drawn_from(key: str) -> Source:
    return "table" if key in SITUATION_KEYS else "bank"


def _quantile(seed: int, index: int) -> float:
    """The person's place in the joint distribution of country, age and sex: a shifted Weyl sequence."""
    shift = int.from_bytes(digest("quantile", seed)[:6]) / 2**48
    return (shift + index * GOLDEN) % 1.0
