"""Descriptions: for each mined attribute what it asks, its value space, and whom it applies to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite

from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Attribute, Path, Requirement, Tree, normal
from deeppersona_graph.taxonomy.formats.building import even_values, is_unicode
from deeppersona_graph.taxonomy.mining.grow import Node
from deeppersona_graph.taxonomy.mining.interview import Interview, with_inputs
from deeppersona_graph.taxonomy.mining.questions import DESCRIBE, Described, attribute_text

SHOWN = 12
"""Evidenced values that are shown of an attribute, at most."""

LONGEST_VALUE = 120
"""Characters of a value."""

AGES = (0, 120)


def describe(
    interview: Interview, tree: Tree, nodes: Sequence[tuple[Path, Node]]
) -> dict[int, tuple[str, Described]]:
    """The description of each node, by `id(node)`, with the text it was asked for by.

    Raises `WaitingError` where answers are outstanding; a node that found none is missing.
    """
    kind = with_inputs(DESCRIBE, needs=_situation(tree))
    asked = {id(node): attribute_text(path, _is_group(node), _sample(node)) for path, node in nodes}
    replies = interview.ask(kind, asked.values(), "describing attributes")
    interview.check()
    for _, node in nodes:
        if asked[id(node)] in replies:
            node.verdicts.append(interview.decision(DESCRIBE, asked[id(node)]))
    return {key: (text, replies[text].value) for key, text in asked.items() if text in replies}


def as_attribute(attribute: Attribute, described: Described, tree: Tree) -> Attribute:
    """`attribute` with what its description says; what cannot be is left away."""
    low, high = _ages(described)
    plain = replace(
        attribute, description=described.description, min_age=low, max_age=high,
        requires=_requires(described, tree),
    )  # fmt: skip
    if described.value_type == "number":
        return _number(plain, described)
    shares: dict[str, tuple[str, float]] = {}
    for one in described.values:
        text = " ".join(one.text.split())
        if len(text) <= LONGEST_VALUE and is_unicode(text) and isfinite(one.share):
            shares.setdefault(normal(text), (text, max(0.0, one.share)))
    if described.value_type is None or not shares:
        return plain
    weights = [share for _, share in shares.values()]
    values = even_values(
        attribute.id, [text for text, _ in shares.values()], weights if any(weights) else None
    )
    return replace(plain, value_type=described.value_type, values=values)


def space_mark(attribute: Attribute) -> str:
    """Tells one description with its value space from another: 16 hexadecimal digits."""
    spelled = repr(
        (
            *(attribute.description, attribute.value_type, attribute.minimum, attribute.maximum),
            *(attribute.typical, attribute.unit, attribute.min_age, attribute.max_age),
            [(value.text, round(value.weight, 6)) for value in attribute.values],
            sorted((one.attribute, sorted(one.values)) for one in attribute.requires),
        )
    )
    return digest("space", spelled).hex()[:16]


def _is_group(node: Node) -> bool:
    return bool(node.children) and not node.evidence


def _sample(node: Node) -> list[str]:
    """Some of the values people gave: the same ones as long as no new ones come to lie before them."""
    spelled: dict[str, str] = {}
    for value in sorted(value for values in node.evidence.values() for value in values):
        spelled.setdefault(normal(value), value)
    drawn = sorted(spelled, key=lambda key: digest("sample", key))[:SHOWN]
    return [spelled[key] for key in sorted(drawn)]


def _situation(tree: Tree) -> str:
    closed = [a for a in tree.core.values() if a.values]
    return "\n".join(
        f"{a.core}: {' | '.join(value.text for value in a.values)}"
        for a in sorted(closed, key=lambda one: str(one.core))
    )


def _requires(described: Described, tree: Tree) -> tuple[Requirement, ...]:
    found: dict[str, Requirement] = {}
    for need in described.needs:
        core = tree.core.get(need.key)
        if core is None or not core.values:
            continue
        wanted = {normal(text) for text in need.values}
        ids = frozenset(value.id for value in core.values if normal(value.text) in wanted)
        if ids and len(ids) < len(core.values):
            found[core.id] = Requirement(core.id, ids)
    return tuple(found[identity] for identity in sorted(found))


def _ages(described: Described) -> tuple[int | None, int | None]:
    low, high = (
        age if age is not None and AGES[0] < age < AGES[1] else None
        for age in (described.min_age, described.max_age)
    )
    return (low, high) if low is None or high is None or low <= high else (None, None)


def _number(attribute: Attribute, described: Described) -> Attribute:
    low, high = described.minimum, described.maximum
    if low is None or high is None or not (isfinite(low) and isfinite(high) and low < high):
        return attribute
    typical = _within(described, low, high)
    return replace(
        attribute, value_type="number", minimum=low, maximum=high, unit=described.unit, typical=typical
    )


def _within(described: Described, low: float, high: float) -> tuple[float, float] | None:
    first, last = described.typical_low, described.typical_high
    if first is None or last is None or not low <= first <= last <= high:
        return None
    return first, last


def mined_nodes(roots: Iterable[Node]) -> list[tuple[Path, Node]]:
    """The nodes that mining brought, with their paths."""
    return [(path, node) for root in roots for path, node in root.walk() if len(path) > 1 and not node.fixed]
