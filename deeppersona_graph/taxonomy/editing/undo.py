"""Taking changes back: one of the log, all since a version, or edits by hand that were not taken in yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from deeppersona_graph.errors import ConflictError, InputError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.model.tree import Path
from deeppersona_graph.taxonomy.changing import Planned
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.editing.perform import Edit, Outcome, Workplace
from deeppersona_graph.taxonomy.history import Entry, entries, read_log
from deeppersona_graph.taxonomy.log.delta import Delta, applied, compare, conflicts
from deeppersona_graph.taxonomy.log.people import as_they_are, attributes_of
from deeppersona_graph.taxonomy.log.record import read_recorded, record_state
from deeppersona_graph.taxonomy.log.state import HAS, Link, State, attribute_key, read_state

UNDO = "undo"
FIRST = ("import",)
"""Operations that a taxonomy begins with, which erasing it takes back."""


def undo(place: Workplace, version: int | None = None) -> Edit:
    """Take one change back: the last one that stands, or that of a version.

    An undo is a change itself, and can be undone. Raises `InputError` where there is nothing to undo, or a
    later change, or people who were made since, depend on it; the message names them.
    """
    log = read_log(place.graph.read, place.taxonomy)
    entry = _chosen(log, place.taxonomy, version)
    *since, (_, delta) = entries(place.graph.read, place.taxonomy, entry.version - 1)
    if delta is None:
        raise InputError(f"of version {entry.version} of {place.taxonomy!r} it was not kept what it changed")
    later = {one.version: (one, found) for one, found in since}

    def plan(tx: Transaction, state: State) -> Planned[Outcome]:
        back, left = as_they_are(state, delta.inverse)
        _check_free(state, back, entry, later)
        _check_people(tx, place.taxonomy, back)
        draft = Draft(applied(state, back))
        _check_names(draft, entry, later)
        _mark(tx, place.taxonomy, entry, {one.version: one for one in log}, undone=True)
        return Planned(_outcome(left), draft.checked(), delta.vectors)

    arguments = {"version": entry.version, "operation": entry.operation}
    return replace(place, people=_people(delta)).run(UNDO, arguments, plan)


def restore_version(place: Workplace, version: int, *, name: str | None = None) -> Edit:
    """Bring the tree back to what it was at a version, as one change, which can be undone.

    People's values follow the merges and splits that are taken back.
    """
    known = _kept(entries(place.graph.read, place.taxonomy, version), place.taxonomy, version)
    people = {one for delta in known for one in _people(delta)}

    def plan(tx: Transaction, state: State) -> Planned[Outcome]:
        deltas = _kept(entries(tx.run, place.taxonomy, version)[1:], place.taxonomy, version)
        if not people.issuperset(one for delta in deltas for one in _people(delta)):
            raise _overtaken(place.taxonomy)
        now, left, kept = state, 0, dict[Any, Any]()
        for delta in deltas:  # the newest first
            back, several = as_they_are(now, delta.inverse)
            now, left = applied(now, back), left + several
            kept |= delta.vectors
        _check_people(tx, place.taxonomy, compare(state, now))
        return Planned(_outcome(left), Draft(now).checked(), kept)

    arguments = {"version": version, "name": name}
    return replace(place, people=people).run("restore", arguments, plan)


def undo_by_hand(place: Workplace) -> Edit:
    """Take back what was edited by hand since the last version, also where what it left is no tree.

    It is logged as a change that is undone at once. Edges from personas that were deleted do not come back.
    """
    version = place.graph.read("taxonomy/read_taxonomy", taxonomy=place.taxonomy)[0]["version"]

    def plan(tx: Transaction, state: State) -> Planned[Outcome]:
        entry, *before = read_log(tx.run, place.taxonomy, limit=2)
        if not version < entry.version <= version + 2:
            raise _overtaken(place.taxonomy)
        strays = tx.run("log/remove_strays", taxonomy=place.taxonomy)[0]
        recorded = read_recorded(tx.run, place.taxonomy, version)
        if recorded is None:
            raise InputError(f"no state of {place.taxonomy!r} was kept to go back to")
        back = compare(state, recorded.state).of_tree
        if not back and not strays["nodes"] and not strays["edges"]:
            raise InputError(f"nothing was edited by hand in {place.taxonomy!r} since version {version}")
        _check_people(tx, place.taxonomy, back)
        if entry.version == version + 2:
            tx.run("log/mark_undone", taxonomy=place.taxonomy, version=before[0].version, undone=True)
        notes = [f"{strays[what]} {what} removed that were not taken in" for what in strays if strays[what]]
        return Planned(Outcome(notes=tuple(notes)), Draft(applied(state, back)).checked())

    return place.run(UNDO, {"version": None, "operation": "edits by hand"}, plan)


def _chosen(log: Sequence[Entry], taxonomy: str, version: int | None) -> Entry:
    if version is None:
        standing = [one for one in log if not one.undone and one.operation not in (*FIRST, UNDO)]
    else:
        standing = [one for one in log if one.version == version]
    if not standing:
        what = "no change that stands" if version is None else f"no change to version {version}"
        raise InputError(f"the log of {taxonomy!r} has {what}; look at `deeppersona taxonomy log`")
    entry = standing[0]
    if entry.operation in FIRST:
        raise InputError(
            f"version {entry.version} of {taxonomy!r} is where its log begins; an import is not undone"
        )
    if entry.undone:
        raise InputError(
            f"version {entry.version} ({entry.operation}) is undone already; "
            "undo the undoing to have it back, by its version"
        )
    return entry


def _check_free(
    state: State, back: Delta, entry: Entry, later: Mapping[int, tuple[Entry, Delta | None]]
) -> None:
    """Raise `InputError` where what a change left is not there any more, naming what came after."""
    taken = conflicts(state, back)
    if not taken:
        return
    for one, delta in sorted(later.values(), key=lambda found: -found[0].version):
        if delta is not None and not one.undone and one.operation != UNDO and delta.touched() & taken:
            raise _depends(entry, one)
    raise InputError(
        f"version {entry.version} ({entry.operation}) cannot be undone: what it left was edited since; "
        "look at `deeppersona taxonomy diff`"
    )


def _check_people(tx: Transaction, taxonomy: str, back: Delta) -> None:
    """Raise `InputError` where an attribute would go that people have values of."""
    gone = sorted(key.id for key in back.removed if key.kind == "attribute")
    held = tx.run("log/count_people", taxonomy=taxonomy, attributes=gone)[0]["edges"] if gone else 0
    passed = sum(-more for link, more in back.links.items() if _counts(link) and link.end.id in set(gone))
    if held > passed:
        raise InputError(
            f"{held - passed} values of personas are of what would be removed; retire it instead, and "
            "`deeppersona refresh` their population"
        )


def _counts(link: Link) -> bool:
    """Whether a link is a value that a persona has, and none that was set aside."""
    return link.kind == HAS and json.loads(link.properties).get("source") != "superseded"


def _mark(tx: Transaction, taxonomy: str, entry: Entry, log: Mapping[int, Entry], *, undone: bool) -> None:
    """Mark the entry as undone, or as standing; what it took back itself is then the other way round."""
    tx.run("log/mark_undone", taxonomy=taxonomy, version=entry.version, undone=undone)
    taken = log.get(entry.told.get("version") or 0) if entry.operation == UNDO else None
    if taken is not None:
        _mark(tx, taxonomy, taken, log, undone=not undone)


def _check_names(draft: Draft, entry: Entry, later: Mapping[int, tuple[Entry, Delta | None]]) -> None:
    """Raise `InputError` where two siblings would bear one name, naming the change that took it."""
    places: dict[Path, list[str]] = {}
    for identity, path in draft.state.paths().items():
        places.setdefault(path, []).append(identity)
    twins = {attribute_key(one) for several in places.values() if len(several) > 1 for one in several}
    for one, delta in sorted(later.values(), key=lambda found: -found[0].version):
        if twins and delta is not None and delta.touched() & twins:
            raise _depends(entry, one)


def _depends(entry: Entry, later: Entry) -> InputError:
    return InputError(
        f"version {entry.version} ({entry.operation}) cannot be undone: version {later.version} "
        f"({later.operation} {later.summary}) depends on it; undo that one first"
    )


def _overtaken(taxonomy: str) -> ConflictError:
    return ConflictError(
        f"the taxonomy {taxonomy!r} was changed by somebody else just now; run the same command again"
    )


def _kept(log: list[tuple[Entry, Delta | None]], taxonomy: str, version: int) -> list[Delta]:
    """What the changes after a version did, the newest first."""
    if any(delta is None for _, delta in log):
        raise InputError(f"version {version} of {taxonomy!r} was not kept; choose a later one")
    return [delta for _, delta in log if delta is not None]


def _people(delta: Delta) -> set[str]:
    return attributes_of(delta) | {key.id for key in delta.created if key.kind == "attribute"}


def _outcome(left: int) -> Outcome:
    if not left:
        return Outcome()
    return Outcome(notes=(f"{left} people were made anew or are gone since, and keep their values",))


def take_snapshot(graph: Graph, taxonomy: str, name: str) -> int:
    """Keep the present state under a name; the version it is of."""

    def write(tx: Transaction) -> int:
        version = int(tx.run("taxonomy/read_taxonomy", taxonomy=taxonomy)[0]["version"])
        recorded = read_recorded(tx.run, taxonomy, version)  # edits by hand are of the next version
        state = read_state(tx.run, taxonomy) if recorded is None else recorded.state
        record_state(tx, taxonomy, version, state)
        tx.run("log/name_state", taxonomy=taxonomy, version=version, name=name)
        return version

    return graph.transact(write)
