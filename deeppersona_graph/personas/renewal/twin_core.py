"""The core of a twin: what is set of it, what the new situation contradicts, and the rest as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deeppersona_graph.llm.request import Program
from deeppersona_graph.model.persona import InnerCore, Persona, Source, Trait, TraitValue
from deeppersona_graph.model.situation import SITUATION_KEYS
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.core_profile import Questions, core_profile, person_text
from deeppersona_graph.personas.generate import Making
from deeppersona_graph.personas.inner_core import GivenInner, attitude_text, draw_inner_core, unsuited
from deeppersona_graph.personas.renewal.case import Case
from deeppersona_graph.personas.renewal.changes import PARTS, Changes
from deeppersona_graph.personas.situation.counterfactual import Otherwise


@dataclass(frozen=True, slots=True)
class Inner:
    """The inner core of a twin; which of its parts were contradicted and made again, and the requests these
    come from, by key."""

    core: InnerCore
    contradicted: frozenset[str] = frozenset()
    requests: Mapping[str, str] = field(default_factory=dict)


def inner_of(
    making: Making, case: Case, changes: Changes, persona: Persona, *, asked: bool
) -> Program[Inner]:
    """The inner core of a twin: kept, unless it is set or tells of another situation than the new one.

    What was given stays. A set attitude gets details and a way of coping that go with it; unless the model
    is `asked`, the bank has them.
    """
    given, inner = changes.inner, persona.inner
    set_ = {part for part in PARTS.values() if getattr(given, part)}
    held = changes.kept_core | {
        str(making.bench.tree.by_id[trait.attribute].core)
        for trait in case.persona.core
        if trait.source == "given"
    }
    stay = set_ | {PARTS[key] for key in held if key in PARTS}
    contradicted = unsuited(inner, persona.situation) - stay
    inner = _with(inner, given, set_)
    if "values" in set_:
        inner = replace(inner, orientation="given")
    anew = contradicted | (set_ & {"attitude"})
    if not anew:
        return Inner(inner)
    kept: dict[str, Any] = {part: getattr(inner, part) for part in PARTS.values() if part not in contradicted}
    requests: Mapping[str, str] = {}
    if making.bench.asker is None or not asked:
        embedder = making.bench.embedder

        def closest(text: str, others: Sequence[str]) -> int:
            vectors = embedder.embed([text, *others])
            return int((vectors[1:] @ vectors[0]).argmax())

        drawn = draw_inner_core(case.own_seed, persona.situation, GivenInner(**kept), closest)
    else:
        asker = making.bench.asker.for_sample(case.own_seed)
        about = person_text(persona.situation, [], persona.biography)
        profile = yield from core_profile(Questions.of(asker, about, persona.situation), GivenInner(**kept))
        drawn, requests = profile.inner, profile.requests
    inner = _with(inner, drawn, anew)
    if "attitude" in anew:
        details, coping = drawn.attitude_details, drawn.coping_mechanism
        inner = replace(inner, attitude_details=details, coping_mechanism=coping)
    if "values" in contradicted:
        inner = replace(inner, orientation=drawn.orientation)
    return Inner(inner, contradicted, requests)


def core_of(
    tree: Tree, before: Persona, persona: Persona, changes: Changes, other: Otherwise, inner: Inner
) -> tuple[tuple[Trait, ...], dict[str, str]]:
    """The core attributes of a twin as pairs, and by attribute id why some are others than before."""
    old = {trait.attribute: trait for trait in before.core}
    values: dict[str, TraitValue | None] = {
        **{key: persona.situation.value(key) for key in SITUATION_KEYS},
        "values": persona.inner.values,
        "attitude": attitude_text(persona.inner) if persona.inner.attitude else "",
        "story": persona.inner.stories,
        "interests": persona.inner.interests,
    }
    core: list[Trait] = []
    reasons: dict[str, str] = {}
    for key, value in values.items():
        attribute = tree.core[key]
        kept = old.get(attribute.id)
        if kept is not None and kept.value == value:
            core.append(kept)
            continue
        is_set = key in changes.core or (key in PARTS and bool(getattr(changes.inner, PARTS[key])))
        reasons[attribute.id] = "set" if is_set else _why(key, other, inner)
        if value:
            source: Source = "given" if is_set else "table" if key in SITUATION_KEYS else "bank"
            request = None if is_set else inner.requests.get(key)
            source = "model" if request else source
            core.append(Trait(attribute.id, attribute.path, value, source, request=request))
    return tuple(sorted(core, key=lambda trait: trait.path)), reasons


def _why(key: str, other: Otherwise, inner: Inner) -> str:
    if key in other.grounds:
        return f"follows from {', '.join(other.grounds[key])}"
    return (
        "does not suit the new situation" if PARTS.get(key) in inner.contradicted else "goes with what is set"
    )


def _with(inner: InnerCore, source: InnerCore | GivenInner, parts: set[str] | frozenset[str]) -> InnerCore:
    """The inner core with these parts of another."""
    taken: dict[str, Any] = {part: getattr(source, part) for part in parts}
    return replace(inner, **taken)
