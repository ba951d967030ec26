"""The edit that makes one attribute of several (DeepPersona, Algorithm 1), with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.graph.connection import Transaction
from deeppersona_graph.model.tree import Attribute, Tree, shown
from deeppersona_graph.taxonomy.changing import Planned
from deeppersona_graph.taxonomy.editing.perform import Edit, Outcome, Workplace
from deeppersona_graph.taxonomy.log.state import State
from deeppersona_graph.taxonomy.merging import Merge, merge_attributes


def merge(
    place: Workplace, tree: Tree, keep: Attribute, gone: Sequence[Attribute], name: str | None = None
) -> Edit:
    """Merge attributes into `keep`, wherever they hang; children that come to bear one name are merged too.

    People who have both keep the value they got first; the other is kept aside. Raises `InputError` where one
    stands above another, or is of the core.
    """
    for one in gone:
        upper, lower = sorted((keep, one), key=lambda a: len(a.path))
        if one != keep and lower.path[: len(upper.path)] == upper.path:
            raise InputError(
                f"{shorten(shown(lower.path), 100)!r} hangs below {shorten(shown(upper.path), 100)!r}; "
                "the two cannot become one: move it out first"
            )
    involved = [keep, *gone]
    branch = [a.id for a in tree.attributes if any(a.path[: len(one.path)] == one.path for one in involved)]

    def plan(tx: Transaction, _: State) -> Planned[Outcome]:
        merged = merge_attributes(tx, place.taxonomy, [Merge(keep.id, tuple(one.id for one in gone), name)])
        notes = [
            f"{count} {what}"
            for count, what in (
                (merged.superseded, "values of people who had both, now set aside"),
                (merged.values_dropped, "values of the value space dropped"),
                (merged.unbound, "constraints without a place any more"),
            )
            if count
        ]
        return Planned(Outcome(notes=tuple(notes)))

    arguments = {"keep": list(keep.path), "gone": [list(one.path) for one in gone], "name": name}
    return replace(place, people=branch, risk=branch).run("merge", arguments, plan)
