"""Refreshing a population: whose values an edited tree leaves no ground for, and making those again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deeppersona_graph.errors import ConflictError, DepthError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.llm.estimate import Expected
from deeppersona_graph.llm.executors.drive import Task
from deeppersona_graph.llm.request import Program, have_done
from deeppersona_graph.model.persona import Persona, Trait
from deeppersona_graph.personas.generate import Making
from deeppersona_graph.personas.renewal.case import Case, read_cases
from deeppersona_graph.personas.renewal.examine import Reason
from deeppersona_graph.personas.renewal.expect import expected_mending
from deeppersona_graph.personas.renewal.mend import Demand, Mended, Mender
from deeppersona_graph.personas.renewal.retell import retell, tells_of
from deeppersona_graph.personas.store import trait_row
from deeppersona_graph.personas.violations import violations
from deeppersona_graph.personas.workbench import Plan, Workbench
from deeppersona_graph.personas.workers import BATCH, block_size

Changed = Callable[[int], frozenset[str]]
"""The attributes (ids) that have another value space now than at a version of the tree."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Somebody who has values to be made again."""

    id: str
    index: int
    name: str


@dataclass
class RefreshPlan:
    """Whose values are to be made again, and why."""

    examined: int = 0
    people: list[Affected] = field(default_factory=list)
    values: Counter[Reason] = field(default_factory=Counter)
    """How many values there are to be made again, by reason; what these leave without ground comes on top."""
    left: list[tuple[Affected, str]] = field(default_factory=list)
    """Given values that do not stand any more and are left as they are."""

    @property
    def count(self) -> int:
        """How many values are to be made again."""
        return self.values.total()


@dataclass(frozen=True)
class Renewed:
    """What became of one persona."""

    before: Persona
    after: Persona
    replaced: tuple[Trait, ...]
    """What gave place to other attributes."""
    changed: tuple[Trait, ...]
    """What got other values where it stands."""
    kept: tuple[Trait, ...]
    """What was made again with the same outcome."""
    new: tuple[Trait, ...]
    """The attributes that are new."""
    retold: bool

    @property
    def differing(self) -> int:
        """How many values differ: each place of the record once."""
        return len(self.new) + len(self.changed)


@dataclass(frozen=True)
class Refreshing:
    """The refresh of one population."""

    bench: Workbench
    plan: Plan
    changed: Changed

    def survey(self, ids: Sequence[str], progress: Callable[[int, int], None]) -> RefreshPlan:
        """Look at the people with these ids; nothing is written."""
        plan, mender = RefreshPlan(), self.mender(0)
        for case in read_cases(self.bench.graph, ids, profiles=False):
            plan.examined += 1
            progress(plan.examined, len(ids))
            found = mender.examine(case, self.demand(case), case.persona.traits)
            persona = case.persona
            who = Affected(persona.id, persona.index, persona.situation.name)
            plan.left += [(who, str(fault)) for fault in found.left]
            if found.faults or case.missing:
                plan.people.append(who)
                plan.values.update(fault.reason for fault in found.faults)
                if case.missing:
                    plan.values["gone"] += len(case.missing)
        return plan

    def mender(self, before: int) -> Mender:
        """Mends people of whom uses are counted among those with a smaller index than `before`."""
        return Mender(Making.of(self.bench, self.plan, before))

    def demand(self, case: Case) -> Demand:
        """What is given stays; who has a value of a space that is another now is stale."""
        given = {trait.attribute for trait in case.persona.traits if trait.source == "given"}

        def stale(trait: Trait) -> bool:
            version = case.versions.get(trait.attribute, case.persona.taxonomy_version)
            return trait.source != "given" and trait.attribute in self.changed(version)

        return Demand(fixed=given, stale=stale)

    def tasks(self, people: Sequence[Affected], run: str) -> Iterator[Task[Renewed]]:
        """The programs that make the values of these people again, for the record of `run`."""
        writing = Writing(self.bench, run)
        for case, mender in self._cases(people):
            yield Task(_called(case.persona), self._renewed(case, mender, writing))

    def expected(self, people: Sequence[Affected]) -> Iterator[Task[list[Expected]]]:
        """The programs that find out what these people will take of a language model."""
        for case, mender in self._cases(people):
            yield Task(_called(case.persona), self._expected(case, mender))

    def _cases(self, people: Sequence[Affected]) -> Iterator[tuple[Case, Mender]]:
        """The people as they stand now, in order, with whoever mends them; a mender does for many at once."""
        steering = self.plan.specification.steering
        size = block_size(self.plan.specification) if steering else 0
        menders: dict[int, Mender] = {}
        for start in range(0, len(people), BATCH):
            ids = [one.id for one in people[start : start + BATCH]]
            for case in read_cases(self.bench.graph, ids, profiles=True):
                before = case.persona.index // size * size if size else 0
                yield case, menders.setdefault(before, self.mender(before))

    def _renewed(self, case: Case, mender: Mender, writing: Writing) -> Program[Renewed]:
        before, version = case.persona, self.bench.tree.version
        mended = yield from mender.mend(case, self.demand(case))
        renewed = _renewed(before, mended)
        after = replace(before, traits=mended.traits, taxonomy_version=version)
        still = [] if mended.left else violations(after, self.bench.tree)
        if still:
            raise DepthError(f"nothing that could be made again settles this: {'; '.join(still[:3])}")
        gone = (*renewed.replaced, *renewed.changed)
        if case.missing or (gone and tells_of(before, gone)):
            narrative, requests = yield from retell(mender.making, replace(case, persona=after))
            after = replace(after, narrative=narrative, narrative_requests=requests)
        if not (renewed.new or renewed.changed):
            after = before
        renewed = replace(renewed, after=after, retold=after.narrative != before.narrative)
        yield from have_done(writing, renewed)
        return renewed

    def _expected(self, case: Case, mender: Mender) -> Program[list[Expected]]:
        found = mender.examine(case, self.demand(case), case.persona.traits)
        gone = [fault.trait for fault in found.faults]
        retold = bool(case.missing) or tells_of(case.persona, gone)
        return (yield from expected_mending(mender, case, found, (), retold=retold))


@dataclass(frozen=True)
class Writing:
    """Writes what was made again, each persona whole; all of a call or none."""

    bench: Workbench
    run: str
    most: int = BATCH

    def __call__(self, wanted: Sequence[Renewed]) -> list[None]:
        version = self.bench.tree.version
        rows = [_row(one, self.run, version) for one in wanted]
        write_renewed(self.bench.graph, self.run, rows)
        return [None] * len(wanted)


def write_renewed(graph: Graph, run: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of `personas/renew` in one transaction; raises `ConflictError` where somebody, or a value,
    is not there any more as it was read."""
    expected = {
        "personas": len(rows),
        "removed": sum(len(row["removed"]) for row in rows),
        "seen": sum(len(row["seen"]) for row in rows),
        "pairs": sum(len(row["traits"]) for row in rows),
    }

    def write(tx: Transaction) -> None:
        if tx.run("personas/renew", run=run, rows=rows)[0] != expected:
            raise ConflictError(
                "personas, or attributes, were changed during the refresh; run the same command again"
            )

    graph.transact(write)


def _row(renewed: Renewed, run: str, version: int) -> dict[str, Any]:
    after, before = renewed.after, renewed.before
    properties: dict[str, Any] = {}
    if after is not before:
        properties["taxonomy_version"] = version
    if renewed.retold:
        properties |= {
            "narrative": after.narrative,
            "narrative_requests": list(after.narrative_requests) or None,
        }
    made = {trait.attribute for trait in (*renewed.new, *renewed.changed)}
    gone = {trait.attribute for trait in (*renewed.replaced, *renewed.changed)}
    return {
        "id": before.id,
        "taxonomy": before.taxonomy,
        "version": version,
        "properties": properties,
        "removed": sorted(gone),
        "seen": sorted(trait.attribute for trait in renewed.kept),
        "traits": [trait_row(trait, run, version) for trait in after.traits if trait.attribute in made],
    }


def _renewed(before: Persona, mended: Mended) -> Renewed:
    """The record before and after, compared."""
    old = {trait.attribute: trait for trait in before.traits}
    now = {trait.attribute: trait for trait in mended.traits}
    return Renewed(
        before=before,
        after=before,
        replaced=tuple(trait for trait in before.traits if trait.attribute not in now),
        changed=tuple(one for one in before.traits if one.attribute in now and now[one.attribute] != one),
        kept=tuple(
            one for one in before.traits if one.attribute in mended.again and now.get(one.attribute) == one
        ),
        new=tuple(trait for trait in mended.traits if trait.attribute not in old),
        retold=False,
    )


def _called(persona: Persona) -> str:
    return f"{persona.situation.name} ({persona.id})"
