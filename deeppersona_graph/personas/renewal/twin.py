"""Counterfactual twins: the same person with something otherwise, and with what follows from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deeppersona_graph.errors import AnchorError
from deeppersona_graph.llm.estimate import Expected
from deeppersona_graph.llm.request import Program, have_done
from deeppersona_graph.model.persona import STRATA, Persona, Trait, TraitValue
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import shown
from deeppersona_graph.personas.fill import Arrival, Given, quotas
from deeppersona_graph.personas.generate import reserve_for
from deeppersona_graph.personas.given import shown_given
from deeppersona_graph.personas.profile import profile_texts, profile_vectors
from deeppersona_graph.personas.renewal.case import Case
from deeppersona_graph.personas.renewal.changes import Changes, check_situation
from deeppersona_graph.personas.renewal.expect import expected_mending
from deeppersona_graph.personas.renewal.mend import Demand, Mended, Mender
from deeppersona_graph.personas.renewal.places import Again, Place, place_of, stratum_of
from deeppersona_graph.personas.renewal.retell import retell
from deeppersona_graph.personas.renewal.twin_core import core_of, inner_of
from deeppersona_graph.personas.situation.counterfactual import counterfactual


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that a twin has otherwise; None: it has none, before or after."""

    attribute: str
    before: TraitValue | None
    after: TraitValue | None
    why: str


@dataclass(frozen=True)
class Twin:
    """A twin, and how it differs from whom it is a twin of."""

    case: Case
    """The twin with what its values were drawn with; those it shares keep their runs and versions."""
    differences: tuple[Difference, ...]


@dataclass
class _Draft:
    """A twin on the way."""

    case: Case
    reasons: dict[str, str]
    """By attribute id, why its value is another."""
    demand: Demand


def twin_id(persona: str, population: str, changes: Changes, keep: Iterable[str]) -> str:
    """The id of the twin of a persona in a population: the same for the same changes."""
    return digest("twin", persona, population, *sorted(changes.texts), "keep", *sorted(keep)).hex()[:16]


@dataclass(frozen=True)
class Twinning:
    """Makes the twin of one person."""

    mender: Mender
    case: Case
    """The person whom it is a twin of."""
    changes: Changes
    id: str
    population: str

    def twin(self) -> Program[Twin]:
        """The twin, not written yet; raises `AnchorError` where what is set cannot be with what is kept."""
        draft = yield from self._draft()
        mended = yield from self.mender.mend(draft.case, draft.demand)
        self._check(mended)
        after = replace(draft.case.persona, traits=mended.traits)
        narrative, requests = yield from retell(self.mender.making, replace(draft.case, persona=after))
        after = replace(after, narrative=narrative, narrative_requests=requests)
        reasons = {**_reasons(mended), **draft.reasons}
        return Twin(replace(draft.case, persona=after), _differences(self.case.persona, after, reasons))

    def expected(self) -> Program[list[Expected]]:
        """The requests that the twin will take, its inner core aside."""
        draft = yield from self._draft(asked=False)
        found = self.mender.examine(draft.case, draft.demand, draft.case.persona.traits)
        return (yield from expected_mending(self.mender, draft.case, found, draft.demand.wanted, retold=True))

    def _draft(self, *, asked: bool = True) -> Program[_Draft]:
        """The twin with its core and with what is set; all else as it was."""
        changes, person = self.changes, self.case.persona
        bench = self.mender.making.bench
        fixed = {
            str(bench.tree.by_id[trait.attribute].core) for trait in person.core if trait.source == "given"
        }
        other = counterfactual(
            self.case.own_seed,
            person.situation,
            changes.core,
            (fixed | changes.kept_core) - changes.core.keys(),
            self.mender.making.plan.specification.sampling,
        )
        check_situation(changes, other.situation)
        moved = other.situation != person.situation
        persona = replace(
            person,
            id=self.id,
            population=self.population,
            situation=other.situation,
            taxonomy_version=bench.tree.version,
            biography=None if moved else person.biography,
            origin=None,
            read=(),
            unread=(),
        )
        given = {trait.attribute for trait in person.traits if trait.source == "given"}
        persona = replace(persona, traits=self._held(person.traits))
        inner = yield from inner_of(self.mender.making, self.case, changes, persona, asked=asked)
        persona = replace(persona, inner=inner.core)
        core, reasons = core_of(bench.tree, self.case.persona, persona, changes, other, inner)
        persona = replace(persona, core=core)
        case = self._profiled(replace(self.case, persona=persona))
        fixed_traits = given | changes.kept | {one.attribute.id for one in changes.traits}
        traits, wanted, values, displaced = yield from self._placed(case, fixed_traits)
        reasons |= displaced
        case = replace(case, persona=replace(persona, traits=traits))
        return _Draft(case, reasons, Demand(fixed=fixed_traits, values=values, wanted=wanted))

    def _held(self, traits: Iterable[Trait]) -> tuple[Trait, ...]:
        """The traits, those that are set with the value they are to have."""
        values = {one.attribute.id: one.value for one in self.changes.traits}
        return tuple(
            replace(trait, value=values[trait.attribute], source="given", request=None)
            if trait.attribute in values
            else trait
            for trait in traits
        )

    def _profiled(self, case: Case) -> Case:
        tree, persona = self.mender.making.bench.tree, case.persona
        lacking = [one for one in self.changes.traits if one.attribute.id not in _ids(persona.traits)]
        sentences = [
            *case.anchors(tree).sentences,
            *(f"{one.attribute.name}: {shown_given(one)}" for one in lacking),
        ]
        texts = profile_texts(persona.situation, persona.inner, sentences, persona.biography)
        (vector,) = profile_vectors(self.mender.making.bench.embedder, [texts])
        return replace(case, profile=vector)

    def _placed(
        self, case: Case, fixed: set[str]
    ) -> Program[tuple[tuple[Trait, ...], list[Again], dict[str, frozenset[str]], dict[str, str]]]:
        """The record with all that is set in it, each new attribute in the place of the last arrival of its
        stratum; the prerequisites that it lacks yet, those that must have other values, and why."""
        tree, traits = self.mender.making.bench.tree, list(case.persona.traits)
        held = {trait.attribute: trait for trait in traits}
        values = self._demanded()
        lacking = [one for one in self.changes.traits if one.attribute.id not in held]
        needed = [tree.by_id[identity] for identity in values if identity not in held]
        reasons = {one.attribute.id: "set" for one in self.changes.traits}
        if not lacking and not needed:
            return tuple(traits), [], values, reasons
        found = yield from self._arrivals(case, lacking)
        wanted: list[Again] = []
        for attribute, given in [
            *((one.attribute, one) for one in lacking),
            *((one, None) for one in needed),
        ]:
            arrival = found.get(attribute.id)
            stratum = 0 if arrival is None else arrival.stratum
            place = _displaced(traits, stratum, fixed | values.keys())
            assert place.was is not None
            traits.remove(place.was)
            reasons[place.was.attribute] = f"gives its place to {shown(attribute.path)}"
            similarity = 0.0 if arrival is None else arrival.similarity
            if given is None:
                reasons[attribute.id] = "required by what is set"
                place = Place(place.order, stratum)
                wanted.append(Again(attribute, place, similarity, values[attribute.id]))
            else:
                traits.append(
                    Trait(
                        attribute.id, attribute.path, given.value, "given", place.order,
                        None if arrival is None else STRATA[stratum],
                        None if arrival is None else round(similarity, 4),
                    )
                )  # fmt: skip
        return tuple(sorted(traits, key=lambda one: one.order or 0)), wanted, values, reasons

    def _arrivals(self, case: Case, lacking: Iterable[Given]) -> Program[Mapping[str, Arrival]]:
        """The arrivals, with the attributes that are set on explored paths."""
        set_ = [Trait(one.attribute.id, one.attribute.path, one.value, "given", 0) for one in lacking]
        whole = replace(case.persona, traits=(*case.persona.traits, *set_))
        seeker = self.mender.seeker(replace(case, persona=whole))
        specification = self.mender.making.plan.specification
        reserve = reserve_for(quotas(specification.depth, specification.strata))
        found = yield from have_done(self.mender.making.selecting, (seeker, reserve))
        return {one.attribute.id: one for one in (*found.reserves, *found.required)}

    def _demanded(self) -> dict[str, frozenset[str]]:
        """What the values that are set require outside the core, and what that requires: by attribute id, the
        values that will do."""
        constraints = self.mender.making.bench.constraints
        demanded: dict[str, frozenset[str]] = {}
        left = [
            required
            for one in self.changes.traits
            for required in (
                *constraints.needed_before.get(one.attribute.id, ()),
                *(r for value in one.drawn.values for r in constraints.outside_core(value.requires)),
            )
        ]
        own = {one.attribute.id for one in self.changes.traits}
        while left:
            required = left.pop()
            if required.attribute in own or required.attribute in demanded:
                continue
            demanded[required.attribute] = required.values
            left += constraints.needed_before.get(required.attribute, ())
        return demanded

    def _check(self, mended: Mended) -> None:
        """Raise `AnchorError` where what stays whatever happens does not go together, unless it did not
        before."""
        demand = Demand(fixed={fault.trait.attribute for fault in mended.left})
        before = self.mender.examine(self.case, demand, self.case.persona.traits).left
        known = {fault.trait.attribute for fault in before}
        wrong = [fault for fault in mended.left if fault.trait.attribute not in known]
        if wrong:
            raise AnchorError(
                f"{' and '.join(self.changes.texts)} cannot be with what is given or kept: "
                f"{'; '.join(map(str, wrong[:3]))}; set or keep something else"
            )


def _displaced(traits: Iterable[Trait], stratum: int, fixed: set[str]) -> Place:
    """The place of the last arrival of a stratum, else of the last there is."""
    free = [trait for trait in traits if trait.attribute not in fixed]
    if not free:
        raise AnchorError("all that the person has is given or kept; nothing is left to give its place")
    alike = [trait for trait in free if stratum_of(trait) == stratum]
    return place_of(max(alike or free, key=lambda trait: trait.order or 0))


def _reasons(mended: Mended) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for fault in mended.faults:
        reasons.setdefault(fault.trait.attribute, fault.why)
    for identity, place in mended.taken.items():
        was = place.was
        reasons[identity] = f"takes the place of {shown(was.path)}" if was else "takes a place left vacant"
    return reasons


def _differences(before: Persona, after: Persona, reasons: Mapping[str, str]) -> tuple[Difference, ...]:
    """What the twin has otherwise: what is set, the core, then in order of places, what went before what
    came."""
    old = {trait.attribute: trait for trait in (*before.core, *before.traits)}
    now = {trait.attribute: trait for trait in (*after.core, *after.traits)}
    found = []
    for identity, trait in sorted(
        {**now, **old}.items(),
        key=lambda one: (reasons.get(one[0]) != "set", one[1].order or 0, one[0] not in old, one[1].path),
    ):
        was, is_ = old.get(identity), now.get(identity)
        if was is not None and is_ is not None and was.value == is_.value:
            continue
        found.append(
            Difference(
                shown(trait.path),
                None if was is None else was.value,
                None if is_ is None else is_.value,
                reasons.get(identity, ""),
            )
        )
    return tuple(found)


def _ids(traits: Iterable[Trait]) -> set[str]:
    return {trait.attribute for trait in traits}
