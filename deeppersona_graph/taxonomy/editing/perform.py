"""Carrying an edit out, and telling what it touches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph, Row, Transaction
from deeppersona_graph.taxonomy.changing import Edited, Planned, edit_tree
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.log.state import CONSTRAINTS, HAS, State
from deeppersona_graph.taxonomy.log.tell import Difference, differences


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit did, or would do where it was only tried."""

    taxonomy: str
    version: int
    operation: str
    changes: tuple[Difference, ...]
    attributes: int
    """Attributes that were made, removed, changed, bound otherwise, or have another path."""
    values: int
    """Values of value spaces that were made, removed or changed."""
    personas: int
    """People who have one of the attributes."""
    edges: int
    """Values of people that are of these attributes; they stay as they are until `refresh`."""
    moved: int
    """Values of people that belong to another attribute now."""
    dry: bool
    violating: tuple[Row, ...] = ()
    """People who break a new constraint: id, name and population; the first of them."""
    violations: int = 0
    """How many people that are."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan has to tell beside the state it comes to."""

    violating: Sequence[Row] = ()
    violations: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workplace:
    """Where edits are made."""

    graph: Graph
    taxonomy: str
    embedder: Embedder
    dry: bool = False
    people: Collection[str] = field(default=())
    risk: Collection[str] = field(default=())

    def edit(
        self,
        operation: str,
        arguments: dict[str, Any],
        change: Callable[[Draft], Outcome | None],
    ) -> Edit:
        """Make an edit of the draft that `change` is given."""

        def plan(_: Transaction, state: State) -> Planned[Outcome]:
            draft = Draft(state)
            told = change(draft) or Outcome()
            return Planned(told, draft.checked())

        return self.run(operation, arguments, plan)

    def run(
        self,
        operation: str,
        arguments: dict[str, Any],
        plan: Callable[[Transaction, State], Planned[Outcome]],
    ) -> Edit:
        """Make an edit as `plan` says, and tell what it touched."""
        spelled = json.dumps(arguments, ensure_ascii=False)
        done = edit_tree(
            self.graph,
            self.taxonomy,
            operation,
            spelled,
            self.embedder,
            plan,
            people=self.people,
            risk=self.risk,
            dry=self.dry,
        )
        return self._told(operation, done)

    def _told(self, operation: str, done: Edited[Outcome]) -> Edit:
        delta = done.delta
        touched = _touched(done)
        counted = self.graph.read("log/count_people", taxonomy=self.taxonomy, attributes=sorted(touched))[0]
        return Edit(
            taxonomy=self.taxonomy,
            version=done.version,
            operation=operation,
            changes=tuple(differences(done.before, done.after, delta)),
            attributes=len(touched),
            values=sum(key.kind == "value" for key in delta.nodes),
            personas=counted["personas"],
            edges=counted["edges"],
            moved=sum(more for link, more in delta.links.items() if link.kind == HAS and more > 0),
            dry=self.dry,
            violating=tuple(done.told.violating),
            violations=done.told.violations,
            notes=done.told.notes,
        )


def _touched(done: Edited[Any]) -> set[str]:
    """The attributes that were made, removed, changed, with their values, bound otherwise, or moved."""
    before, after = done.before.paths(), done.after.paths()
    bound = {key for link in done.delta.links if link.kind in CONSTRAINTS for key in (link.start, link.end)}
    keys = {*done.delta.nodes, *bound}
    moved = {identity for identity, path in after.items() if before.get(identity, path) != path}
    return done.before.bearers(keys) | done.after.bearers(keys) | moved
