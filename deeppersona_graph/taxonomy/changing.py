"""A change of a tree: one transaction, which raises the version, logs what was done, and leaves all derived
in order.

Raising the version first locks the taxonomy until the transaction ends, so that what is read afterwards
stands still. What was edited by hand since the last version becomes an entry of its own before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.taxonomy.log.apply import apply_delta
from deeppersona_graph.taxonomy.log.delta import Delta, compare
from deeppersona_graph.taxonomy.log.people import with_people
from deeppersona_graph.taxonomy.log.record import APART, read_recorded, record_change, record_state
from deeppersona_graph.taxonomy.log.state import State, read_state
from deeppersona_graph.taxonomy.log.vectors import (
    Kept,
    Texts,
    embedded_texts,
    lost_vectors,
    read_vectors,
    settle_vectors,
)

T = TypeVar("T")

SYNC = "sync"
"""The operation under which edits by hand stand in the log."""


class OvertakenError(Exception):
    """Another process changed the taxonomy between reading and writing."""


@dataclass(frozen=True, slots=True)
class Edited(Generic[T]):
    """What an edit did, or, where it was only tried, would have done."""

    version: int
    delta: Delta
    before: State
    after: State
    told: T


@dataclass(frozen=True, slots=True)
class Planned(Generic[T]):
    """What an edit is to make of a state; with no `state`, it has been done in Cypher already."""

    told: T
    state: State | None = None
    kept: Kept | None = None
    """Vectors from before, for what comes back."""


class _RehearsedError(Exception):
    """Ends a transaction that was only tried; nothing of it is kept."""

    def __init__(self, edited: Edited[Any]) -> None:
        self.edited = edited


def change_tree(
    graph: Graph,
    taxonomy: str,
    version: int,
    operation: str,
    arguments: str,
    work: Callable[[Transaction], T],
    *,
    people: Collection[str] = (),
) -> Edited[T]:
    """Do `work`, which sees to vectors itself, on a taxonomy that was read at `version`.

    `people` are the attributes whose edges from personas it moves. Raises `OvertakenError` where the taxonomy
    has another version by now, and what the work raises; then nothing is written.
    """

    def write(tx: Transaction) -> Edited[T]:
        raised = _raise(tx, taxonomy, operation, arguments)
        if raised != version + 1:
            raise OvertakenError
        opened = _open(tx, taxonomy, raised, operation, arguments, people)
        came = work(tx)
        after = with_people(tx, taxonomy, read_state(tx.run, taxonomy), people)
        delta = compare(opened.before, after)
        _close(tx, taxonomy, opened, after, delta)
        return Edited(opened.version, delta, opened.before, after, came)

    return graph.transact(write)


def edit_tree(
    graph: Graph,
    taxonomy: str,
    operation: str,
    arguments: str,
    embedder: Embedder,
    plan: Callable[[Transaction, State], Planned[T]],
    *,
    people: Collection[str] = (),
    risk: Collection[str] = (),
    dry: bool = False,
) -> Edited[T]:
    """Edit a taxonomy: `plan` is given its state under the lock and says what is to become of it.

    `people` are the attributes whose edges from personas the edit may move, `risk` those whose vectors may be
    lost where it is done in Cypher. With `dry` it is done and taken back. Raises what `plan` raises, and
    `TaxonomyShapeError` where what comes of it would be no tree; then nothing is written.
    """

    def write(tx: Transaction) -> Edited[T]:
        raised = _raise(tx, taxonomy, operation, arguments)
        opened = _open(tx, taxonomy, raised, operation, arguments, people)
        texts = embedded_texts(opened.before)
        held = read_vectors(tx, taxonomy, risk, texts)
        planned = plan(tx, opened.before)
        done = planned.state is None
        after = planned.state or with_people(tx, taxonomy, read_state(tx.run, taxonomy), people)
        delta = compare(opened.before, after)
        changed = Texts(texts, embedded_texts(after))
        if not done:
            held = read_vectors(tx, taxonomy, opened.before.bearers(changed.lost), texts)
            apply_delta(tx, taxonomy, after, delta)
        settle_vectors(tx, taxonomy, changed, delta.created, planned.kept or {}, embedder)
        delta = replace(delta, vectors=lost_vectors(held, changed.lost, delta.removed))
        _close(tx, taxonomy, opened, after, delta)
        edited = Edited(opened.version, delta, opened.before, after, planned.told)
        if dry:
            raise _RehearsedError(edited)
        return edited

    try:
        return graph.transact(write)
    except _RehearsedError as rehearsed:
        return rehearsed.edited


@dataclass(frozen=True, slots=True)
class _Opened:
    """A change that has begun: the version it leads to, and what it begins from."""

    version: int
    before: State
    since: int
    """Changes since a whole state was recorded."""


def _raise(tx: Transaction, taxonomy: str, operation: str, arguments: str) -> int:
    rows = tx.run("taxonomy/raise_version", taxonomy=taxonomy, operation=operation, arguments=arguments)
    if not rows:
        raise UnknownNameError("taxonomy", taxonomy, hint="`deeppersona taxonomy import FILE` makes one")
    return int(rows[0]["version"])


def _open(
    tx: Transaction, taxonomy: str, raised: int, operation: str, arguments: str, people: Collection[str]
) -> _Opened:
    """Read what stands there. What was edited by hand and is not in the log yet goes into an entry before."""
    recorded, standing = read_recorded(tx.run, taxonomy, raised - 1), read_state(tx.run, taxonomy)
    if recorded is None:
        record_state(tx, taxonomy, raised - 1, standing)
        return _Opened(raised, with_people(tx, taxonomy, standing, people), 0)
    if operation == SYNC:
        return _Opened(raised, recorded.state, recorded.since)
    by_hand = compare(recorded.state, standing).of_tree
    since = recorded.since
    if by_hand:
        tx.run("log/rename_change", taxonomy=taxonomy, version=raised, operation=SYNC, arguments="{}")
        record_change(tx, taxonomy, raised, by_hand)
        raised, since = _raise(tx, taxonomy, operation, arguments), since + 1
    return _Opened(raised, with_people(tx, taxonomy, standing, people), since)


def _close(tx: Transaction, taxonomy: str, opened: _Opened, after: State, delta: Delta) -> None:
    """Derive what follows from the rest, and record what was done."""
    tx.run("taxonomy/count_support", taxonomy=taxonomy)
    tx.run("taxonomy/derive", taxonomy=taxonomy)
    counted = tx.run("taxonomy/survey", taxonomy=taxonomy)[0]["counted"]
    tx.run("taxonomy/record_counts", taxonomy=taxonomy, counts=counted)
    record_change(tx, taxonomy, opened.version, delta)
    if opened.since + 1 >= APART:
        record_state(tx, taxonomy, opened.version, after)
