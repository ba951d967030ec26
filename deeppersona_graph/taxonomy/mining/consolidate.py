"""Consolidation of a tree that stands in the graph: its siblings merged as mined ones are (Algorithm 1).

For trees that were put together from several files, or grew by many hands: roots are aligned to the domains,
then level by level what is one becomes one, with all that hangs on it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import ConflictError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.model.tree import Attribute, Tree, normal
from deeppersona_graph.taxonomy.changing import OvertakenError, change_tree
from deeppersona_graph.taxonomy.merging import Merge, Merged, merge_attributes
from deeppersona_graph.taxonomy.mining.domains import domains_of, domains_text, new_roots, surely_meant
from deeppersona_graph.taxonomy.mining.grow import SURE, Atom, Growing, Node
from deeppersona_graph.taxonomy.mining.interview import Interview, with_inputs
from deeppersona_graph.taxonomy.mining.likeness import Likeness
from deeppersona_graph.taxonomy.mining.paths import key_of
from deeppersona_graph.taxonomy.mining.questions import ALIGN, path_text
from deeppersona_graph.taxonomy.mining.verdicts import Verdicts
from deeppersona_graph.taxonomy.mining.write import settle_paths
from deeppersona_graph.taxonomy.store import Progress


@dataclass(frozen=True)
class Consolidation:
    """What was merged. `merged` counts what was done, None where nothing was."""

    version: int
    before: int
    """Attributes there were."""
    merged: Merged | None
    moved: int
    """Attributes that went below a broader sibling."""
    failed: int = 0
    """Pairs that found no usable answer, and stay apart."""


def consolidate(
    graph: Graph,
    tree: Tree,
    embedder: Embedder,
    interview: Interview | None,
    progress: Progress,
    *,
    sure: float = SURE,
) -> Consolidation:
    """Merge what is one in a taxonomy, in one transaction.

    From a raw cosine of `sure` on, siblings are one without asking. Where likeness leaves a doubt, the
    interview's model decides; without one, such pairs stay apart. Raises `ConflictError` where the taxonomy
    changed meanwhile.
    """
    likeness = Likeness(graph, tree.name, embedder, among=True)
    likeness.embed_names(progress)
    living = [a for a in tree.attributes if not a.retired]
    atoms = {key_of(a.path): _atom(a) for a in living}
    aligned = _aligned(tree, embedder, interview)
    verdicts = Verdicts(interview)
    growing = Growing(atoms, likeness, embedder, verdicts, sure)
    while True:
        roots = [
            Node(domain.name, [atoms[key_of(root.path)] for root in (domain, *others)])
            for domain, others in aligned
        ]
        growing.tree(roots)
        if not growing.undecided:
            break
        verdicts.ask(growing.undecided)
    merges, hang = _changes(roots, tree)
    failed = len(interview.failed) if interview else 0
    if not merges and not hang:
        return Consolidation(tree.version, len(tree.attributes), None, 0, failed)
    version, merged = _write(graph, tree, embedder, merges, hang)
    return Consolidation(version, len(tree.attributes), merged, len(hang), failed)


def _atom(attribute: Attribute) -> Atom:
    names = frozenset(normal(alias) for alias in attribute.aliases)
    return Atom(
        attribute.path,
        attribute=attribute.id,
        names=names,
        fixed=attribute.core is not None or len(attribute.path) == 1,
        weight=attribute.support + bool(attribute.value_type),
    )


def _aligned(
    tree: Tree, embedder: Embedder, interview: Interview | None
) -> list[tuple[Attribute, list[Attribute]]]:
    """The domains of a tree, each with the roots that stand for it; a root that stands for none is one."""
    roots = domains_of(tree)
    known = {normal(root.path[0]) for root in new_roots()}
    domains = [root for root in roots if normal(root.name) in known] or list(roots)
    others = [root for root in roots if root not in domains]
    meant = surely_meant(embedder, (root.name for root in others), domains)
    if interview is not None:
        kind = with_inputs(ALIGN, domains=domains_text(domains))
        doubtful = [path_text((name,)) for name, domain in meant.items() if domain is None]
        replies = interview.ask(kind, doubtful, "aligning roots")
        interview.check()
        for name, domain in meant.items():
            if domain is None and (reply := replies.get(path_text((name,)))):
                meant[name] = reply.value.domain
    by_name = {normal(domain.name): domain.name for domain in domains}
    groups: dict[str, list[Attribute]] = {}
    for root in others:
        groups.setdefault(by_name.get(normal(meant[root.name] or ""), root.name), []).append(root)
    found = [(domain, groups.pop(domain.name, [])) for domain in domains]
    return found + [(root, []) for several in groups.values() for root in several]


def _changes(roots: Sequence[Node], tree: Tree) -> tuple[list[Merge], list[dict[str, str]]]:
    """What becomes one, and what hangs elsewhere."""
    merges, hang = [], []
    kept: dict[int, str] = {}
    parents = {a.id: tree.by_path[a.path[:-1]].id for a in tree.attributes if len(a.path) > 1}
    into: dict[str, str] = {}
    for root in roots:
        for _, node in root.walk():
            best, *others = sorted(
                node.atoms, key=lambda atom: (not atom.fixed, -atom.weight, len(atom.path), atom.path)
            )
            kept[id(node)] = str(best.attribute)
            gone = tuple(str(atom.attribute) for atom in others)
            into |= dict.fromkeys(gone, kept[id(node)])
            if gone:
                name = None if best.fixed or node.name == best.path[-1] else node.name
                merges.append(Merge(kept[id(node)], gone, name))
    for root in roots:
        for _, node in root.walk():
            for child in node.children:
                identity = kept[id(child)]
                parent = into.get(parents[identity], parents[identity])
                if parent != kept[id(node)]:
                    hang.append({"child": identity, "parent": kept[id(node)]})
    return merges, hang


def _write(
    graph: Graph, tree: Tree, embedder: Embedder, merges: Sequence[Merge], hang: Sequence[dict[str, str]]
) -> tuple[int, Merged]:
    name = tree.name
    told = json.dumps({"merges": len(merges), "moved": len(hang)})

    def write(tx: Transaction) -> Merged:
        tx.run("mining/hang", taxonomy=name, rows=hang)
        merged = merge_attributes(tx, name, merges)
        settle_paths(tx, name, embedder)
        return merged

    involved = {one for merge in merges for one in (merge.keep, *merge.gone)}
    try:
        done = change_tree(graph, name, tree.version, "consolidate", told, write, people=involved)
    except OvertakenError:
        raise ConflictError(
            f"the taxonomy {name!r} changed while it was being consolidated; run the same command again"
        ) from None
    return done.version, done.told
