"""A taxonomy's past: its log, its states at earlier versions, and what differs between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.errors import InputError, UnknownNameError, shorten
from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import shown
from deeppersona_graph.taxonomy.log.delta import Delta, applied, compare, decode
from deeppersona_graph.taxonomy.log.record import read_recorded
from deeppersona_graph.taxonomy.log.state import Key, Link, Run, State, attribute_key
from deeppersona_graph.taxonomy.log.tell import Difference, differences

MOST = 2**31 - 1

SPACE = ("value_type", "minimum", "maximum", "typical", "unit", "at_most", "at_least", "generic")
"""Properties of an attribute that decide which values it admits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the log."""

    version: int
    operation: str
    arguments: str
    """JSON, or, of an import, where it came from."""
    time: str
    undone: bool

    @property
    def told(self) -> Mapping[str, Any]:
        """The arguments by name."""
        try:
            found = json.loads(self.arguments)
        except ValueError:
            return {"from": self.arguments}
        return found if isinstance(found, dict) else {"from": self.arguments}

    @property
    def summary(self) -> str:
        """The arguments in a line."""
        said = {name: one for name, one in self.told.items() if one not in (None, [], False)}
        return ", ".join(f"{name} {_shown(one)}" for name, one in said.items())


def read_log(run: Run, taxonomy: str, limit: int = MOST) -> list[Entry]:
    """The log, the newest first, without what each change did."""
    return [_entry(row) for row in _entries(run, taxonomy, 0, limit, whole=False)]


def entries(run: Run, taxonomy: str, since: int = 0) -> list[tuple[Entry, Delta | None]]:
    """The log after version `since`, the newest first, with what each change did, where that was kept."""
    return [(_entry(row), _delta(row)) for row in _entries(run, taxonomy, since, MOST, whole=True)]


def edits_of(graph: Graph, taxonomy: str, attribute: str, since: int) -> list[Entry]:
    """The changes after version `since` that touched an attribute, its values or what binds them."""
    key, found = attribute_key(attribute), list[Entry]()
    changes, state = entries(graph.read, taxonomy, since), state_at(graph.read, taxonomy, since)
    own = {key} | _values(state.links if state else (), key)
    for entry, delta in reversed(changes):
        own |= _values(delta.links if delta else (), key)
        if delta is not None and delta.touched() & own:
            found.append(entry)
    return found[::-1]


def state_at(run: Run, taxonomy: str, version: int) -> State | None:
    """The state at a version; None where none was kept."""
    recorded = read_recorded(run, taxonomy, version)
    return None if recorded is None else recorded.state


def diff(graph: Graph, taxonomy: str, since: int, until: int) -> list[Difference]:
    """What differs between two versions, in lines; raises `InputError` where one was not kept."""
    before, after = (_known_state(graph, taxonomy, version) for version in (since, until))
    return differences(before, after, compare(before, after))


def changed_spaces(graph: Graph, taxonomy: str, until: int) -> Callable[[int], frozenset[str]]:
    """Tells, for an earlier version, which attributes (ids) at `until` admit other values, or the same with
    other shares, than then; what was changed and changed back is not among them.

    The function raises `InputError` for versions that were not kept.
    """
    states = {until: _known_state(graph, taxonomy, until)}
    deltas: dict[int, Delta | None] = {}

    def changed(since: int) -> frozenset[str]:
        version = min(known for known in states if known >= since)
        if version > since:
            deltas.update((entry.version, delta) for entry, delta in entries(graph.read, taxonomy, since))
        while version > since:
            delta = deltas.get(version)
            if delta is None:
                raise InputError(f"what version {version} of {taxonomy!r} changed was not kept")
            states[version - 1] = applied(states[version], delta.of_tree.inverse)
            version -= 1
        return _other_spaces(states[since], states[until])

    return changed


def _other_spaces(before: State, after: State) -> frozenset[str]:
    delta = compare(before, after)
    keys = {
        key
        for key, (old, _) in delta.nodes.items()
        if key.kind == "value" or (old is not None and any(name in SPACE for name in old))
    }
    keys |= {link.start for link in delta.links if link.kind == "ADMITS"}
    return frozenset((before.bearers(keys) | after.bearers(keys)) & _ids(before) & _ids(after))


def snapshots(graph: Graph, taxonomy: str) -> Sequence[Row]:
    """The versions that were given a name: name, version and time."""
    return graph.read("log/named_states", taxonomy=taxonomy)


def version_named(graph: Graph, taxonomy: str, name: str) -> int:
    """The version of a snapshot; raises `UnknownNameError`."""
    known = {str(row["name"]): int(row["version"]) for row in snapshots(graph, taxonomy)}
    if name not in known:
        raise UnknownNameError(
            "snapshot", name, nearest(name, known), hint="`deeppersona taxonomy snapshot` lists them"
        )
    return known[name]


def _values(links: Iterable[Link], attribute: Key) -> set[Key]:
    return {link.end for link in links if link.kind == "ADMITS" and link.start == attribute}


def _ids(state: State) -> set[str]:
    return {key.id for key in state.nodes if key.kind == "attribute"}


def _known_state(graph: Graph, taxonomy: str, version: int) -> State:
    current = graph.read("taxonomy/read_taxonomy", taxonomy=taxonomy)
    last = current[0]["version"] if current else 0
    if not 1 <= version <= last:
        raise InputError(f"the taxonomy {taxonomy!r} has no version {version}; expected 1 to {last}")
    found = state_at(graph.read, taxonomy, version)
    if found is None:
        raise InputError(
            f"version {version} of {taxonomy!r} was not kept; the log of states begins with a later version"
        )
    return found


def _entries(run: Run, taxonomy: str, since: int, limit: int, *, whole: bool) -> list[Row]:
    return run("log/entries", taxonomy=taxonomy, since=since, limit=limit, whole=whole)


def _entry(row: Row) -> Entry:
    return Entry(row["version"], row["operation"], row["arguments"] or "", row["time"], row["undone"])


def _delta(row: Row) -> Delta | None:
    return None if row["before"] is None else decode(row["before"])


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return shorten(shown(value), 100)
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 100)
