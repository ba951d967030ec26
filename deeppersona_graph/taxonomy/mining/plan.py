"""From the tree that follows from the evidence to the changes that the graph needs.

An attribute of an earlier run stays the one most of whose paths it stands for, whatever it is called now, so
ids are kept for life. What somebody renamed, moved or described by hand since stays as they left it, and what
they deleted stays away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Attribute, Path, attribute_id, normal
from deeppersona_graph.taxonomy.merging import Merge
from deeppersona_graph.taxonomy.mining.describe import as_attribute, space_mark
from deeppersona_graph.taxonomy.mining.grow import Node
from deeppersona_graph.taxonomy.mining.interview import decision_id
from deeppersona_graph.taxonomy.mining.paths import key_of
from deeppersona_graph.taxonomy.mining.questions import COMPARE, Described, pair_text
from deeppersona_graph.taxonomy.mining.standing import Evidence, Mined, Standing, source_mark


@dataclass
class Changes:
    """What is to be written, all in one transaction."""

    create: list[Attribute] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    """Parents of what is created."""
    merges: list[Merge] = field(default_factory=list)
    clear: list[str] = field(default_factory=list)
    """What becomes an attribute that mining did not make: its space goes first."""
    hang: list[dict[str, str]] = field(default_factory=list)
    """Attributes with another parent than before."""
    marks: list[dict[str, Any]] = field(default_factory=list)
    """Names, aliases, and what mining leaves attributes as."""
    renamed: list[tuple[str, str]] = field(default_factory=list)
    spaces: list[tuple[Attribute, dict[str, Any]]] = field(default_factory=list)
    """Attributes with new descriptions, and what they are marked with."""
    remove: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    forget: list[Evidence] = field(default_factory=list)
    became: list[dict[str, str]] = field(default_factory=list)
    decided: list[dict[str, str]] = field(default_factory=list)
    """The decisions behind attributes; they are no change of the tree."""
    placed: dict[int, str] = field(default_factory=dict)
    """Attribute ids by `id(node)`."""

    @property
    def any(self) -> bool:
        """Whether the graph is not as it follows from the evidence."""
        return bool(
            self.create or self.merges or self.hang or self.marks or self.spaces or self.remove
            or self.evidence or self.forget or self.became
        )  # fmt: skip


def plan(
    standing: Standing,
    roots: Sequence[Node],
    described: Mapping[int, tuple[str, Described]],
    kept: Mapping[str, Path],
    *,
    expanded: bool,
) -> Changes:
    """The changes that make the graph the tree under `roots`; `kept` are kept paths by id of proposal.

    Where nothing was `expanded`, what was proposed for thin branches before stays.
    """
    changes = Changes()
    owners, merges = _owners(standing, roots)
    changes.merges += merges
    changes.clear += [one for merge in merges if merge.keep not in standing.mined for one in merge.gone]
    gone = {one for merge in changes.merges for one in merge.gone}
    stand_ins = _place(changes, standing, roots, owners, gone)
    for root in roots:
        for path, node in root.walk():
            if id(node) not in stand_ins:
                _plan_node(changes, standing, path, node, described.get(id(node)))
            for child in node.children:
                if id(child) not in stand_ins:
                    _plan_parent(changes, standing, changes.placed[id(node)], child)
    _break_circles(changes, standing)
    _plan_leftovers(changes, standing, gone, expanded)
    _plan_evidence(changes, standing, roots, kept)
    return changes


def _place(
    changes: Changes, standing: Standing, roots: Sequence[Node], owners: Mapping[int, str], gone: set[str]
) -> set[int]:
    """Give every node its attribute; those (by `id(node)`) for which one stands that is not theirs to change.

    Somebody may have given an attribute the very name, or moved it to the very place, that a new node would
    have, or retired it there: then the node's evidence is that attribute's.
    """
    used = {a.id for a in standing.tree.attributes}
    below: dict[str | None, dict[str, str]] = {}
    for a in standing.tree.attributes:
        if a.id not in gone and len(a.path) > 1:
            parent = standing.tree.by_path[a.path[:-1]].id
            below.setdefault(parent, {})[normal(a.name)] = a.id
    stand_ins: set[int] = set()
    for root in roots:
        above: dict[int, str] = {}
        for path, node in root.walk():
            identity = owners.get(id(node))
            if identity is None:
                identity = below.get(above.get(id(node)), {}).get(normal(node.name))
                if identity is None:
                    identity = _new_id(path, used)
                else:
                    stand_ins.add(id(node))
            changes.placed[id(node)] = identity
            above |= {id(child): identity for child in node.children}
    return stand_ins


def _break_circles(changes: Changes, standing: Standing) -> None:
    """Leave away moves that would hang an attribute below itself, by way of what was moved by hand."""
    tree = standing.tree
    parents = {a.id: tree.by_path[a.path[:-1]].id for a in tree.attributes if len(a.path) > 1}
    parents |= {row["child"]: row["parent"] for row in changes.links}
    for row in list(changes.hang):
        here: str | None = row["parent"]
        while here is not None and here != row["child"]:
            here = parents.get(here)
        if here is None:
            parents[row["child"]] = row["parent"]
        else:
            changes.hang.remove(row)
            changes.marks.remove({"id": row["child"], "properties": {"mined_parent": row["parent"]}})


def _owners(standing: Standing, roots: Sequence[Node]) -> tuple[dict[int, str], list[Merge]]:
    """Attributes that nodes are already, by `id(node)`, and those that come to be one with them."""
    marks = {
        source_mark(key_of(atom.path)): node
        for root in roots
        for _, node in root.walk()
        for atom in node.atoms
        if not atom.fixed
    }
    claims: dict[int, list[tuple[int, Mined]]] = {}
    nodes: dict[int, Node] = {}
    for one in standing.mined.values():
        if one.parent is None:  # somebody made a root of it
            continue
        shared: dict[int, int] = {}
        for mark in one.sources:
            if mark in marks:
                nodes[id(marks[mark])] = marks[mark]
                shared[id(marks[mark])] = shared.get(id(marks[mark]), 0) + 1
        if shared:
            best = min(shared, key=lambda key: (-shared[key], nodes[key].keys))
            claims.setdefault(best, []).append((shared[best], one))
    owners = {id(node): str(node.fixed.attribute) for root in roots for _, node in root.walk() if node.fixed}
    merges = []
    for key, several in claims.items():
        several.sort(key=lambda claim: (not standing.by_hand(claim[1]), -claim[0], claim[1].id))
        ordered = [one.id for _, one in several]
        if key not in owners:
            owners[key] = ordered.pop(0)
        if ordered:
            merges.append(Merge(keep=owners[key], gone=tuple(ordered)))
    return owners, sorted(merges, key=lambda merge: merge.keep)


def _new_id(path: Path, used: set[str]) -> str:
    number, identity = 1, attribute_id(path)
    while identity in used:
        number += 1
        identity = attribute_id((*path, str(number)))
    used.add(identity)
    return identity


def _plan_node(
    changes: Changes, standing: Standing, path: Path, node: Node, told: tuple[str, Described] | None
) -> None:
    identity = changes.placed[id(node)]
    known = standing.mined.get(identity)
    attribute = standing.tree.by_id.get(identity)
    changes.decided += [{"attribute": identity, "decision": one} for one in sorted(_decisions(node))]
    name = attribute.name if attribute is not None else node.name
    if known is not None and not known.renamed:
        name = node.name
    gone = [one for merge in changes.merges if merge.keep == identity for one in merge.gone]
    own = tuple(alias for one in (identity, *gone) for alias in standing.own_names(one))
    aliases = _aliases(node, name, own)
    own = tuple(alias for alias in aliases if alias in own)
    united = bool(gone)
    named = {"aliases": list(aliases) or None, "mined_aliases": list(aliases[len(own) :]) or None}
    if node.fixed is not None:
        assert attribute is not None
        if united or aliases != attribute.aliases:
            changes.marks.append({"id": identity, "properties": named})
        return
    sources = frozenset(source_mark(key_of(atom.path)) for atom in node.atoms)
    properties: dict[str, Any] = {}
    if attribute is None:
        attribute = Attribute(identity, path, aliases=aliases, proposed=node.proposed)
        properties = {"sources": sorted(sources), "mined_name": name, **named}
        if told is not None:
            attribute = as_attribute(attribute, told[1], standing.tree)
            properties |= _marks_of(told, attribute)
        changes.create.append(attribute)
    elif known is not None:
        wanted = {"sources": sources, "name": name, "aliases": aliases, "proposed": node.proposed}
        wanted["mined_retired"] = False
        if known.renamed:
            wanted["mined_name"] = known.mined_name
        if united or any(getattr(known, key) != value for key, value in wanted.items()):
            properties = {
                "sources": sorted(sources), "name": name, "proposed": node.proposed or None, **named,
            }  # fmt: skip
            if not known.renamed:
                properties["mined_name"] = name
            if known.mined_retired:
                properties |= {"retired": None, "mined_retired": None}
        if known.name != name:
            changes.renamed.append((known.name, name))
        if (
            told is not None
            and not standing.described_by_hand(known)
            and (united or digest_of(told[0]) != known.described)
        ):
            bare = Attribute(identity, attribute.path, aliases=aliases)
            fresh = as_attribute(bare, told[1], standing.tree)
            changes.spaces.append((fresh, _marks_of(told, fresh)))
    if properties:
        changes.marks.append({"id": identity, "properties": properties})


def _marks_of(told: tuple[str, Described], attribute: Attribute) -> dict[str, Any]:
    return {"described": digest_of(told[0]), "space": space_mark(attribute)}


def digest_of(text: str) -> str:
    """What an attribute keeps of the question that its description answers."""
    return digest("described", text).hex()[:16]


def _decisions(node: Node) -> set[str]:
    return {*node.verdicts, *(decision_id(COMPARE, pair_text(*pair)) for pair in node.reasons)}


def _aliases(node: Node, name: str, own: Iterable[str]) -> tuple[str, ...]:
    """The other names of a node: its own, then those of what it stands for, in order; no two the same."""
    found = {normal(name): name}
    for alias in (*own, *sorted(atom.path[-1] for atom in node.atoms)):
        found.setdefault(normal(alias), alias)
    return tuple(found.values())[1:]


def _plan_parent(changes: Changes, standing: Standing, parent: str, child: Node) -> None:
    identity = changes.placed[id(child)]
    known = standing.mined.get(identity)
    if child.fixed is not None:
        return
    if known is None:
        changes.links.append({"parent": parent, "child": identity})
    elif known.parent != parent and not known.moved:
        changes.hang.append({"parent": parent, "child": identity})
    else:
        return
    changes.marks.append({"id": identity, "properties": {"mined_parent": parent}})


def _plan_leftovers(changes: Changes, standing: Standing, gone: set[str], expanded: bool) -> None:
    """What no evidence stands behind any more goes, or, where people have it, is retired; what has something
    below it that stays, stays."""
    target = set(changes.placed.values())
    left = {
        one.id: one
        for one in standing.mined.values()
        if one.id not in target and one.id not in gone and (expanded or not one.proposed)
    }
    below = {one.id: one.children for one in left.values()}
    away = {row["child"] for row in changes.hang} | gone
    for one in standing.mined.values():
        if one.parent in below and one.id in away:
            below[one.parent] -= 1
    ready = sorted(identity for identity, children in below.items() if children == 0)
    while ready:
        one = left[ready.pop()]
        if one.personas:
            if not one.retired:
                changes.marks.append({"id": one.id, "properties": {"retired": True, "mined_retired": True}})
            continue
        changes.remove.append(one.id)
        if one.parent in below:
            below[one.parent] -= 1
            if below[one.parent] == 0:
                ready.append(one.parent)


def _plan_evidence(
    changes: Changes, standing: Standing, roots: Sequence[Node], kept: Mapping[str, Path]
) -> None:
    wanted: set[Evidence] = set()
    by_key: dict[tuple[str, ...], str] = {}
    for root in roots:
        for _, node in root.walk():
            identity = changes.placed[id(node)]
            for atom in (*node.atoms, *node.absorbed):
                by_key[key_of(atom.path)] = identity
            for exchange, values in node.whole_evidence.items():
                wanted |= {(exchange, identity, value) for value in values}
    into = {one: merge.keep for merge in changes.merges for one in merge.gone}
    has = {(exchange, into.get(a, a), value) for exchange, a, value in standing.evidence}
    changes.evidence = sorted(wanted - has)
    changes.forget = sorted(has - wanted)
    for proposal, path in sorted(kept.items()):
        attribute = by_key.get(key_of(path))
        was = standing.became.get(proposal)
        if attribute is not None and into.get(was or "", was) != attribute:
            changes.became.append({"proposal": proposal, "attribute": attribute})
