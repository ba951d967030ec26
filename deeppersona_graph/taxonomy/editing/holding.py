"""Whether what is demanded of values can ever hold."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from deeppersona_graph.errors import InputError
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.log.state import Key, attribute_key


def check_holds(draft: Draft, start: Key) -> None:
    """Raise `InputError` where what a node demands, and what that demands in turn, contradicts itself.

    It may be two values of one choice, what excludes each other, or prerequisites that wait for each other.
    """
    _check_order(draft)
    wanted: dict[str, set[Key]] = {}
    """What is needed of each attribute: one of these values."""
    owner = start.id if start.kind == "attribute" else _owner(draft, start)
    wanted[owner] = set(draft.values(owner)) if start.kind == "attribute" else {start}
    waiting = [start, attribute_key(owner)]
    seen = set(waiting)
    while waiting:
        one = waiting.pop()
        for needed in _demanded(draft, one):
            owner = _owner(draft, next(iter(needed)))
            wanted[owner] = wanted.get(owner, needed) & needed
            if not wanted[owner] and draft.attribute(owner).get("value_type") != "list":
                raise InputError(
                    f"that can never hold: {_shown(draft, start)} would need different values of "
                    f"{draft.shown(owner)} at once; take one of the demands away"
                )
            sure = [attribute_key(owner), *(needed if len(needed) == 1 else ())]
            waiting += [key for key in sure if key not in seen]
            seen.update(sure)
    for owner, needed in wanted.items():
        for other, values in wanted.items():
            if owner != other and needed and all(_excluded(draft, one, values, other) for one in needed):
                raise InputError(
                    f"that can never hold: {_shown(draft, start)} would need {_shown(draft, min(needed))} "
                    f"beside {draft.shown(other)}, and these exclude each other; take one of the two away"
                )


def check_all(before: Draft, after: Draft, nodes: Sequence[Key]) -> None:
    """Check some nodes, and all that lead to them by what they demand.

    What could not hold before is not the fault of the edit. Raises as `check_holds`.
    """
    waiting, seen = list(nodes), set(nodes)
    while waiting:
        node = waiting.pop()
        try:
            check_holds(after, node)
        except InputError:
            if _held(before, node):
                raise
        owner = () if node.kind == "attribute" else (attribute_key(_owner(after, node)),)
        leading = [link.start for kind in ("REQUIRES", "IMPLIES") for link in after.reaching(kind, node)]
        waiting += [one for one in (*owner, *leading) if one not in seen]
        seen.update(waiting)


def _held(draft: Draft, node: Key) -> bool:
    try:
        check_holds(draft, node)
    except InputError:
        return False
    return True


def _demanded(draft: Draft, key: Key) -> list[set[Key]]:
    """The values that a node requires or implies, a set of alternatives for each attribute."""
    groups: dict[tuple[str, str], set[Key]] = {}
    for kind in ("REQUIRES", "IMPLIES"):
        for link in draft.leaving(kind, key):
            groups.setdefault((kind, _owner(draft, link.end)), set()).add(link.end)
    return list(groups.values())


def _excluded(draft: Draft, value: Key, others: set[Key], attribute: str) -> bool:
    """Whether a value rules out each of some values of an attribute, or the attribute."""
    ends = {link.end for link in draft.leaving("EXCLUDES", value) if not link.properties}
    starts = {link.start for link in draft.reaching("EXCLUDES", value)}
    return attribute_key(attribute) in ends or (bool(others) and others <= ends | starts)


def _check_order(draft: Draft) -> None:
    """Raise `InputError` where attributes require each other in a circle, so that none can come first."""
    forest = nx.DiGraph(
        (link.start.id, _owner(draft, link.end))
        for link in draft.state.links
        if link.kind == "REQUIRES" and link.start.kind == "attribute"
    )
    if not nx.is_directed_acyclic_graph(forest):
        names = [draft.shown(one) for one, _ in nx.find_cycle(forest)]
        raise InputError(
            f"that can never hold: {', '.join(names[:4])} would each wait for the next to be filled; "
            "take one of the requirements away"
        )


def _owner(draft: Draft, value: Key) -> str:
    return next(link.start.id for link in draft.reaching("ADMITS", value))


def _shown(draft: Draft, key: Key) -> str:
    if key.kind == "attribute":
        return draft.shown(key.id)
    return f"{draft.shown(_owner(draft, key))} = {draft.state.nodes[key].get('text')!r}"
