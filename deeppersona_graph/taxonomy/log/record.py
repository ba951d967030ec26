"""What the graph keeps of a taxonomy's past: whole states now and then, and what each change did."""

from __future__ import annotations

from dataclasses import dataclass

from deeppersona_graph.graph.connection import Transaction
from deeppersona_graph.taxonomy.log.delta import Delta, applied, decode, decode_state, encode, encode_state
from deeppersona_graph.taxonomy.log.state import Run, State

APART = 20
"""Changes between two whole states."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How the last change left a taxonomy, and how many changes there were since a whole state."""

    state: State
    since: int


def read_recorded(run: Run, taxonomy: str, version: int) -> Recorded | None:
    """The state at a version; None where an older edition of the program kept none."""
    rows = run("log/recorded", taxonomy=taxonomy, version=version)
    if not rows or any(change is None for change in rows[0]["changes"]):
        return None
    state = decode_state(rows[0]["state"])
    for change in rows[0]["changes"]:
        state = applied(state, decode(change).of_tree)
    return Recorded(state, len(rows[0]["changes"]))


def record_state(tx: Transaction, taxonomy: str, version: int, state: State) -> None:
    """Keep a whole state of a version."""
    tx.run("log/record_state", taxonomy=taxonomy, version=version, state=encode_state(state))


def record_change(tx: Transaction, taxonomy: str, version: int, delta: Delta) -> None:
    """Keep what the change to a version did."""
    tx.run("log/record_change", taxonomy=taxonomy, version=version, before=encode(delta))
