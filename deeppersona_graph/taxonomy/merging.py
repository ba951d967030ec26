"""Merging attributes of the live graph: all that hangs on the ones that go passes to those that are kept.

Which attributes become one is settled before anything is written: chains are followed to their end, and where
children of one parent come to bear the same name they are merged too, level by level (the merging of siblings
in DeepPersona, Algorithm 1). One Cypher statement then does it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.graph.connection import Row, Transaction
from deeppersona_graph.model.tree import Path, normal, shown
from deeppersona_graph.taxonomy.formats.building import DEEPEST, check_path


@dataclass(frozen=True, slots=True)
class Merge:
    """Attributes, by id, that become one, wherever in the taxonomy they hang."""

    keep: str
    gone: tuple[str, ...]
    name: str | None = None
    """What the kept one shall be called; None: as before. Its former name becomes an alias."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done, counted."""

    into: Mapping[str, str] = field(default_factory=dict)
    """The attributes that are gone, with the ones they became: those asked for, and children of one name."""
    moved: tuple[str, ...] = ()
    """Attributes whose path changed; their vectors are to be made anew."""
    spaces: tuple[str, ...] = ()
    """Attributes that got values of others, which may need vectors."""
    children: int = 0
    evidence: int = 0
    proposals: int = 0
    edges: int = 0
    """Personas' edges that lead to another attribute now."""
    superseded: int = 0
    """Personas' edges that no longer count, since the persona had both attributes."""
    values_moved: int = 0
    values_united: int = 0
    values_dropped: int = 0
    unbound: int = 0
    """Constraints that had no place any more: of values dropped, or between what became one."""


def merge_attributes(tx: Transaction, taxonomy: str, merges: Sequence[Merge]) -> Merged:
    """Merge attributes of a taxonomy that is synced, inside a transaction that its caller commits.

    The caller raises the version, counts support and derives afterwards. Raises `InputError` where an
    attribute is unknown, of the core, asked to become two, above the one it would become, or would hang too
    deep; then the transaction is not to be committed.
    """
    if not merges:
        return Merged()
    plan = _Plan([_place(row) for row in tx.run("taxonomy/merge_places", taxonomy=taxonomy)], taxonomy)
    plan.ask(merges)
    plan.check_places()
    plan.unite_namesakes()
    counted = tx.run("taxonomy/merge_attributes", taxonomy=taxonomy, rows=plan.rows())[0]
    moved = tx.run("taxonomy/repath", taxonomy=taxonomy)
    for row in moved:
        if len(row["path"]) > DEEPEST:
            raise InputError(
                f"{shorten(shown(row['path']), 160)!r} would hang {len(row['path'])} levels deep; "
                f"at most {DEEPEST} are accepted: keep an attribute that is higher up"
            )
    return Merged(
        into={gone: plan.kept(gone) for gone in plan.into},
        moved=tuple(sorted(row["id"] for row in moved)),
        spaces=tuple(sorted(counted["spaces"])),
        children=counted["children"],
        evidence=counted["evidence"],
        proposals=counted["proposals"],
        edges=counted["edges"],
        superseded=counted["superseded"],
        values_moved=counted["moved"],
        values_united=counted["united"],
        values_dropped=counted["dropped"],
        unbound=counted["unbound"],
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """An attribute where it stands before the merge."""

    id: str
    name: str
    path: Path
    parent: str | None
    support: int
    core: bool
    aliases: tuple[str, ...]


def _place(row: Row) -> _Place:
    return _Place(
        id=row["id"],
        name=row["name"],
        path=tuple(row["path"]),
        parent=row["parent"],
        support=row["support"],
        core=row["core"],
        aliases=tuple(row["aliases"]),
    )


class _Plan:
    """Which attributes become one, worked out before anything is written."""

    def __init__(self, places: Sequence[_Place], taxonomy: str) -> None:
        self.into: dict[str, str] = {}
        """Each attribute that goes, in the order of merging, with the one it is merged into."""
        self._places = {place.id: place for place in places}
        self._taxonomy = taxonomy
        self._names: dict[str, str] = {}
        self._asked: set[str] = set()

    def ask(self, merges: Sequence[Merge]) -> None:
        """Take down what is asked for, chains and all."""
        for merge in merges:
            self._check(merge)
            self._asked.add(merge.keep)
            if merge.name is not None and self._names.setdefault(merge.keep, merge.name) != merge.name:
                raise InputError(
                    f"{self._shown(merge.keep)} is to be called both "
                    f"{shorten(self._names[merge.keep])!r} and {shorten(merge.name)!r}; choose one"
                )
            for gone in merge.gone:
                if self.into.setdefault(gone, merge.keep) != merge.keep:
                    raise InputError(
                        f"{self._shown(gone)} is to be merged into both {self._shown(self.into[gone])} and "
                        f"{self._shown(merge.keep)}; choose one"
                    )
        for gone in self.into:
            passed, here = {gone}, gone
            while (here := self.into.get(here, "")) in self.into:
                if here in passed:
                    raise InputError(
                        f"{self._shown(here)} is to be merged into {self._shown(self.into[here])}, and that "
                        "in the end into the former; choose which one is kept"
                    )
                passed.add(here)

    def check_places(self) -> None:
        """Raise `InputError` where an attribute would come to hang below itself."""
        for keep in {self.kept(gone): None for gone in self.into}:
            passed, here = [keep], self._parent(keep)
            while here is not None and here not in passed:
                passed.append(here)
                here = self._parent(here)
            if here is None:
                continue
            above = next((one for one in self._above(keep) if self.kept(one) == keep), None)
            if above is not None:
                raise InputError(
                    f"{self._shown(above)} is to be merged into {self._shown(keep)}, which hangs below it; "
                    "keep the upper one"
                )
            raise InputError(
                f"the merges would hang {self._shown(here)} below itself, by way of "
                f"{self._shown(passed[-1])}; merge one of the two the other way round"
            )

    def unite_namesakes(self) -> None:
        """Merge the children of one parent that come to bear the same name, wherever something changed."""
        below: dict[str | None, list[str]] = {}
        supports = {place.id: place.support for place in self._places.values()}
        for place in self._places.values():
            if place.id in self.into:
                supports[self.kept(place.id)] += place.support
            else:
                below.setdefault(self._parent(place.id), []).append(place.id)
        keeps = [self.kept(gone) for gone in self.into]
        waiting = deque(dict.fromkeys([*keeps, *(self._parent(one) for one in keeps if one in self._names)]))
        while waiting:
            parent = waiting.popleft()
            families: dict[str, list[str]] = {}
            for child in below.get(parent, ()):
                families.setdefault(normal(self._name(child)), []).append(child)
            for family in families.values():
                kept, *others = sorted(
                    family,
                    key=lambda one: (not self._places[one].core, one not in self._asked, -supports[one], one),
                )
                for other in others:
                    self._refuse_core(other)
                    self.into[other] = kept
                    supports[kept] += supports[other]
                    below.setdefault(kept, []).extend(below.pop(other, ()))
                    below[parent].remove(other)
                if others:
                    waiting.append(kept)

    def rows(self) -> list[dict[str, object]]:
        """The pairs as `taxonomy/merge_attributes` takes them, in the order of merging."""
        families: dict[str, list[str]] = {}
        for gone in self.into:
            families.setdefault(self.kept(gone), []).append(gone)
        return [
            {
                "keep": keep,
                "gone": gone,
                "name": self._name(keep),
                "aliases": aliases or None,
                "adds": all(self.kept(one) != keep for one in self._above(gone)),
            }
            for keep, family in families.items()
            for aliases in [self._aliases(keep, family)]
            for gone in family
        ]

    def kept(self, identity: str) -> str:
        """The attribute that this one becomes in the end."""
        while identity in self.into:
            identity = self.into[identity]
        return identity

    def _check(self, merge: Merge) -> None:
        for one in (merge.keep, *merge.gone):
            if one not in self._places:
                raise InputError(
                    f"no attribute of the taxonomy {self._taxonomy!r} has the id {shorten(one)!r}; "
                    "name attributes that are there"
                )
        if not merge.gone or merge.keep in merge.gone:
            raise InputError(
                f"{self._shown(merge.keep)} is to be merged with "
                f"{'itself' if merge.gone else 'nothing'}; name other attributes"
            )
        for one in merge.gone:
            self._refuse_core(one)
        if merge.name is not None:
            check_path((merge.name,), f"the name for {self._shown(merge.keep)}")

    def _refuse_core(self, identity: str) -> None:
        if self._places[identity].core:
            raise InputError(
                f"{self._shown(identity)} is a core attribute, which every taxonomy needs; "
                "keep it, and merge the others into it"
            )

    def _parent(self, identity: str) -> str | None:
        parent = self._places[identity].parent
        return None if parent is None else self.kept(parent)

    def _above(self, identity: str) -> Iterator[str]:
        """The attributes above one as they stand before the merge, from below."""
        parent = self._places[identity].parent
        while parent is not None:
            yield parent
            parent = self._places[parent].parent

    def _name(self, identity: str) -> str:
        return self._names.get(identity, self._places[identity].name)

    def _aliases(self, keep: str, family: Sequence[str]) -> list[str]:
        """All names that end in the kept one, each once, but for the name that it bears."""
        found = {normal(self._name(keep)): ""}
        for one in (keep, *family):
            place = self._places[one]
            for name in (self._name(one), place.name, *place.aliases):
                found.setdefault(normal(name), name)
        return list(found.values())[1:]

    def _shown(self, identity: str) -> str:
        return repr(shorten(shown(self._places[identity].path), 100))
