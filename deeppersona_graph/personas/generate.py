"""Stage 2 from end to end: anchor, select, fill, narrate, and the persona in the graph (DeepPersona §3.2)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from deeppersona_graph.errors import DepthError, ModelAnswerError
from deeppersona_graph.llm.executors.drive import Executor, Outcome, Parked, Task
from deeppersona_graph.llm.request import Asker, Program, have_done
from deeppersona_graph.model.persona import STRATA, InnerCore, Persona, Trait, persona_id
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.personas.anchor import (
    Anchored,
    anchor,
    core_traits,
    situate,
    with_core,
)
from deeppersona_graph.personas.anchors import (
    Anchors,
    check_given_core,
    check_given_traits,
    resolve_anchors,
)
from deeppersona_graph.personas.bank import fill_gap
from deeppersona_graph.personas.biography import Finding, Reading, read_biography
from deeppersona_graph.personas.check import Proofreader
from deeppersona_graph.personas.core_profile import Questions, core_profile, person_text, profile_text
from deeppersona_graph.personas.fill import Gap, ReserveSpentError, Walk, quotas
from deeppersona_graph.personas.inner_core import GivenInner
from deeppersona_graph.personas.named import name_attributes
from deeppersona_graph.personas.narrate import narrate
from deeppersona_graph.personas.portrait import Sittings, portray
from deeppersona_graph.personas.progressive import Filler
from deeppersona_graph.personas.select import Prior, Seeker
from deeppersona_graph.personas.workbench import Plan, Sitter, Workbench
from deeppersona_graph.personas.workers import Profiling, Racing, Selecting, Storing, block_size

SPARE = 1.4
"""Arrivals asked for as a multiple of the quota; what prerequisites and contradictions need beyond it."""


def generate(
    bench: Workbench, plan: Plan, anchors: Anchors, executor: Executor
) -> Generator[Outcome[Persona], None, None]:
    """What becomes of each person of a plan, as they are finished; each is in the graph by then.

    Where uses are counted (`beta`, `cover`), people of a later block wait for those before them.
    """
    taken = set(plan.taken)
    if plan.specification.steering == 0:
        yield from executor.run(_tasks(bench, plan, anchors, taken, plan.people, 0))
        return
    size = block_size(plan.specification)
    for block, people in groupby(plan.people, key=lambda sitter: sitter.index // size):
        parked = False
        with closing(executor.run(_tasks(bench, plan, anchors, taken, people, block * size))) as outcomes:
            for outcome in outcomes:
                parked = parked or isinstance(outcome, Parked)
                yield outcome
        if parked:
            return


def no_core(given: GivenInner) -> InnerCore:
    """What stands in place of a core profile where none is wanted: what is given of it, and nothing else."""
    orientation = "given" if given.values else "none"
    return InnerCore(
        orientation, given.values or "", given.attitude or "", "", "", given.stories, given.interests
    )


def reserve_for(share: Sequence[int]) -> tuple[int, ...]:
    """How many arrivals of each stratum are asked for first, for the quotas `share`."""
    return tuple(math.ceil(quota * SPARE) + 10 for quota in share)


def _tasks(
    bench: Workbench, plan: Plan, anchors: Anchors, taken: set[str], people: Iterable[Sitter], before: int
) -> Iterator[Task[Persona]]:
    making = Making.of(bench, plan, before)
    for sitter in people:
        name = f"#{sitter.index}" + (f" ({sitter.origin})" if sitter.origin else "")
        yield Task(name, making.persona(sitter, anchors, taken))


@dataclass(frozen=True)
class Making:
    """Makes the people of one run; those of a batch share what is done for them together."""

    bench: Workbench
    plan: Plan
    profiling: Profiling
    selecting: Selecting
    racing: Racing
    finding: Finding
    storing: Storing

    @classmethod
    def of(cls, bench: Workbench, plan: Plan, before: int) -> Making:
        """`before`: uses are counted among people with a smaller index."""
        wanted = plan.specification
        prior = Prior(wanted.alpha, wanted.steering, plan.biases, plan.population, before)
        return cls(
            bench=bench,
            plan=plan,
            profiling=Profiling(bench),
            selecting=Selecting(bench, prior, drawn=bench.asker is None, depth=wanted.depth),
            racing=Racing(bench),
            finding=Finding(bench),
            storing=Storing(bench, plan),
        )

    def persona(self, sitter: Sitter, common: Anchors, taken: set[str]) -> Program[Persona]:
        """One person, from the anchors that all have in common to the graph."""
        plan, index = self.plan, sitter.index
        asker = (
            None if self.bench.asker is None else self.bench.asker.for_sample(persona_seed(plan.seed, index))
        )
        reading = yield from self._read(sitter, common)
        anchors = reading.anchors
        person = yield from self._anchor(asker, index, anchors, taken)
        seeker = yield from have_done(self.profiling, (person, anchors))
        told: tuple[str, ...] = ()
        if asker is None:
            traits = yield from self._fill_from_bank(person, anchors, seeker)
            narrative = self._narrate(person, traits)
        else:
            profile = self.profile(person, anchors)
            traits = yield from self._fill_by_model(asker, profile, person, anchors, seeker)
            sittings = Sittings(asker, profile, person.situation.name, traits)
            narrative, told = yield from portray(sittings, plan.specification.narrative)
        persona = Persona(
            id=persona_id(plan.population, plan.seed, index),
            population=plan.population,
            index=index,
            seed=plan.seed,
            depth=plan.specification.depth,
            taxonomy=plan.taxonomy or self.bench.tree.name,
            taxonomy_version=self.bench.tree.version,
            situation=person.situation,
            inner=person.inner,
            core=core_traits(self.bench.tree, anchors, person),
            traits=traits,
            narrative=narrative,
            biography=anchors.biography,
            origin=sitter.origin,
            read=reading.kept,
            unread=tuple(f"{one}: {reason}" for one, reason in reading.left_out),
            narrative_requests=told,
        )
        check_given_core(persona.situation, persona.inner, anchors)
        check_given_traits(persona.traits, anchors)
        yield from have_done(self.storing, (persona, seeker.profile))
        return persona

    def _read(self, sitter: Sitter, common: Anchors) -> Program[Reading]:
        """The anchors of one person: what all have in common, and what the own biography says.

        A biography that all have in common is read once, whoever comes first.
        """
        biography = sitter.biography or common.biography
        asker, wanted = self.bench.asker, self.plan.specification
        if biography is None:
            return Reading(common)
        if asker is None:
            own = replace(wanted, biography=biography, sketches=None)
            return Reading(resolve_anchors(own, self.bench.tree, self.bench.constraints))

        def check(anchors: Anchors) -> object:
            return situate(anchors, wanted.sampling, self.plan.seed, sitter.index)

        return (yield from read_biography(asker, self.bench, self.finding, wanted, biography, check))

    def _anchor(
        self, asker: Asker | None, index: int, anchors: Anchors, taken: set[str]
    ) -> Program[Anchored]:
        wanted, seed = self.plan.specification, self.plan.seed
        # Who has a biography may share a name: names are told apart in order of index, and when a biography
        # will have been read nobody knows; nor are the names of millions held.
        own_names = self.plan.own_biographies or (anchors.biography is not None and asker is not None)
        held: set[str] = set() if own_names else taken
        if asker is None:
            person = anchor(anchors, wanted.sampling, seed, index, held, self.bench.embedder)
            held.add(person.situation.name)
            return person
        situation = situate(anchors, wanted.sampling, seed, index, held)
        held.add(situation.name)
        own = persona_seed(seed, index)
        if not wanted.core:
            return Anchored(index, own, situation, no_core(anchors.inner))
        about = person_text(situation, anchors.facts, anchors.biography)
        found = yield from core_profile(Questions.of(asker, about, situation), anchors.inner)
        check_given_core(situation, found.inner, anchors)
        return Anchored(index, own, situation, found.inner, found.requests)

    def profile(self, person: Anchored, anchors: Anchors) -> str:
        """What every later question about the person begins with."""
        if not self.plan.specification.core:
            return person_text(None, anchors.facts, anchors.biography)
        return profile_text(person_text(person.situation, anchors.facts, anchors.biography), person.inner)

    def _fill_by_model(
        self, asker: Asker, profile: str, person: Anchored, anchors: Anchors, seeker: Seeker
    ) -> Program[tuple[Trait, ...]]:
        wanted = self.plan.specification
        if wanted.attributes == "model":
            core = [one.path for one in self.bench.tree.core.values()]
            return (
                yield from name_attributes(asker, profile, wanted.depth, self.chunk, anchors.traits, core)
            )
        if not wanted.core:
            seeker = self.without_profile(seeker)
        walk = yield from self.begin(person, anchors, seeker)
        yield from self.ask_for(Filler(asker, person.situation, profile, walk), anchors, seeker)
        if not wanted.check:
            return tuple(walk.traits)
        return (yield from Proofreader(asker, person.situation, profile, walk.filled).check(walk.traits))

    def without_profile(self, seeker: Seeker) -> Seeker:
        """Somebody of whom no core profile is known: like everybody."""
        centre = self.bench.centre
        return replace(seeker, profile=(centre / np.linalg.norm(centre)).astype(np.float32))

    def ask_for(self, filler: Filler, anchors: Anchors, seeker: Seeker) -> Program[None]:
        """Fill a walk to its end by the model; raises `ModelAnswerError` where that leaves too little to fill
        it with, which is no fault of the depth."""
        walk = filler.walk
        try:
            while gaps := (yield from self.next_gaps(walk, seeker, self.chunk)):
                yield from filler.fill(gaps)
                check_given_traits(walk.traits, anchors)
        except DepthError as error:
            if not filler.fruitless:
                raise
            raise ModelAnswerError(
                f"{error}; of what applies, the model left {len(filler.fruitless)} requests without values "
                "that can stand: run again to ask anew, or try another model",
                filler.fruitless,
            ) from error

    def _fill_from_bank(
        self, person: Anchored, anchors: Anchors, seeker: Seeker
    ) -> Program[tuple[Trait, ...]]:
        walk = yield from self.begin(person, anchors, seeker)
        yield from self.race_for(walk, seeker)
        return tuple(walk.traits)

    def race_for(self, walk: Walk, seeker: Seeker) -> Program[None]:
        """Fill a walk to its end from the bank."""
        raced, races = walk.selection, (yield from have_done(self.racing, (seeker, walk.open_arrivals)))
        while gaps := (yield from self.next_gaps(walk, seeker, 1)):
            if walk.selection is not raced:
                raced = walk.selection
                races = yield from have_done(self.racing, (seeker, walk.open_arrivals))
            fill_gap(walk, gaps[0], races, seeker.age)

    def begin(self, person: Anchored, anchors: Anchors, seeker: Seeker) -> Program[Walk]:
        """The walk along the first arrivals, with what is given."""
        share = quotas(self.plan.specification.depth, self.plan.specification.strata)
        selection = yield from have_done(self.selecting, (seeker, reserve_for(share)))
        filled = with_core(self.bench.constraints, person.situation)
        walk = Walk(self.bench.constraints, selection, share, filled, bare=self.bench.asker is not None)
        walk.begin(anchors.traits)
        return walk

    def next_gaps(self, walk: Walk, seeker: Seeker, most: int) -> Program[list[Gap]]:
        """The next gaps of the walk; where its arrivals do not reach, twice as many are asked for."""
        while True:
            try:
                return walk.next(most)
            except ReserveSpentError:
                held = Counter(one.stratum for one in walk.selection.reserves)
                reserve = tuple(2 * max(held[stratum], 1) for stratum in range(len(STRATA)))
                walk.extend((yield from have_done(self.selecting, (seeker, reserve))))

    @property
    def chunk(self) -> int:
        """Attributes that a request of this run fills."""
        wanted = self.plan.specification
        return wanted.depth if wanted.fill == "all-at-once" else wanted.chunk

    def _narrate(self, person: Anchored, traits: Sequence[Trait]) -> str:
        if self.plan.specification.narrative == "none":
            return ""
        return narrate(person.seed, person.situation, person.inner, traits)
