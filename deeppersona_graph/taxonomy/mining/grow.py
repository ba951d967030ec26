"""Merging: from kept paths to one tree, level by level (DeepPersona, Algorithm 1).

The tree is a function of all paths that were ever kept, of the attributes that were there without mining, and
of the decisions on pairs of names; nothing depends on the order in which dialogues came. Siblings with like
names are candidates; where the likeness leaves a doubt a model decides; what is connected is one attribute,
as long as every name is near the centre of its names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import networkx as nx
import numpy as np

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Path, normal
from deeppersona_graph.taxonomy.mining.likeness import THRESHOLD, Group, Likeness
from deeppersona_graph.taxonomy.mining.paths import LEVELS, LONGEST_NAME, key_of, titled
from deeppersona_graph.taxonomy.mining.questions import Compared

SURE = 0.96
"""Raw cosine of names from which siblings are one without asking (benchmarks/RESULTS.md)."""

NEAR = THRESHOLD
"""Raw cosine that every name of an attribute has to the centre of its names, at least."""

Key = tuple[str, ...]
Verdict = Callable[[Path, Path], Compared | None]
"""How two attributes relate, by their paths; None: not decided yet."""


@dataclass(eq=False)
class Atom:
    """One path of names before anything is merged."""

    path: Path
    evidence: dict[str, set[str]] = field(default_factory=dict)
    """Values by the id of the exchange that gave them, of this path itself."""
    attribute: str | None = None
    """The attribute of the graph that stands there already, not made by mining."""
    names: frozenset[str] = frozenset()
    """Other names of that attribute, normalised."""
    fixed: bool = False
    """Whether it keeps its name and its place, and is merged with no other that does."""
    weight: int = 0
    """What it counts beside its evidence, when one of several names is chosen."""


@dataclass(eq=False)
class Node:
    """An attribute to be: the paths it stands for, and what is below it."""

    name: str
    atoms: list[Atom]
    children: list[Node] = field(default_factory=list)
    adopted: list[Atom] = field(default_factory=list)
    """Of siblings that turned out to be narrower: they become its children."""
    absorbed: list[Atom] = field(default_factory=list)
    """What was dropped below it: it has their evidence, and neither their names nor their values."""
    reasons: set[tuple[Path, Path]] = field(default_factory=set)
    """The comparisons with and among its names."""
    proposed: bool = False
    """Whether a model proposed it, and no dialogue."""
    verdicts: list[str] = field(default_factory=list)
    """Ids of the decisions about its place, after the merging."""

    @property
    def fixed(self) -> Atom | None:
        """The attribute without mining that it is, if any."""
        return next((atom for atom in self.atoms if atom.fixed), None)

    @property
    def keys(self) -> list[Key]:
        """The normalised paths it stands for, in order."""
        return sorted(key_of(atom.path) for atom in self.atoms)

    @property
    def evidence(self) -> dict[str, set[str]]:
        """Values by exchange, of all its paths."""
        return _evidence(self.atoms)

    @property
    def whole_evidence(self) -> dict[str, set[str]]:
        """The same with what was dropped below it."""
        return _evidence((*self.atoms, *self.absorbed))

    @property
    def height(self) -> int:
        """Levels below it."""
        return 1 + max(child.height for child in self.children) if self.children else 0

    def walk(self, above: Path = ()) -> Iterator[tuple[Path, Node]]:
        """It and all below it with their paths, parents first, siblings in order of name."""
        path = (*above, self.name)
        yield path, self
        for child in sorted(self.children, key=lambda one: one.name):
            yield from child.walk(path)


def _evidence(atoms: Iterable[Atom]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for atom in atoms:
        for exchange, values in atom.evidence.items():
            found.setdefault(exchange, set()).update(values)
    return found


def atoms_of(paths: Mapping[Path, Mapping[str, Iterable[str]]], given: Iterable[Atom]) -> dict[Key, Atom]:
    """Every path with all paths above it; `given` are the attributes that are there.

    Of several spellings the one with more evidence is taken, then the first in order.
    """
    spellings: dict[Key, Counter[Path]] = {}
    evidence: dict[Key, dict[str, set[str]]] = {}
    for path, exchanges in paths.items():
        for length in range(1, len(path) + 1):
            spellings.setdefault(key_of(path[:length]), Counter())[path[:length]] += len(exchanges)
        own = evidence.setdefault(key_of(path), {})
        for exchange, values in exchanges.items():
            own.setdefault(exchange, set()).update(values)
    found = {
        key: Atom(min(counted, key=lambda path: (-counted[path], path)), evidence.get(key, {}))
        for key, counted in spellings.items()
    }
    for atom in given:
        key = key_of(atom.path)
        if key in found:
            atom.evidence = found[key].evidence
        found[key] = atom
    return found


@dataclass
class Growing:
    """Grows a tree of nodes out of atoms."""

    atoms: Mapping[Key, Atom]
    likeness: Likeness
    embedder: Embedder
    verdict: Verdict
    sure: float = SURE
    undecided: set[tuple[Path, Path]] = field(default_factory=set)
    """Pairs that a decision is wanted of; until then they count as one, so that all levels are seen."""

    def __post_init__(self) -> None:
        self._below: dict[Key, list[Atom]] = {}
        for key in sorted(self.atoms):
            self._below.setdefault(key[:-1], []).append(self.atoms[key])

    def tree(self, roots: Sequence[Node]) -> None:
        """Hang everything under `roots`, whose atoms say what belongs under each."""
        self.undecided.clear()
        level, depth = list(roots), 1
        while level:
            depth += 1
            families = [self._children(node) for node in level]
            found = self.likeness.pairs([self._group(family) for family in families])
            for node, family, pairs in zip(level, families, found, strict=True):
                node.children = self._merged(family, pairs, depth)
            level = [child for node in level for child in node.children]

    def _children(self, node: Node) -> dict[str, list[Atom]]:
        """The paths directly below a node, by normalised name; an alias counts as the name it is of."""
        atoms = [child for key in node.keys for child in self._below.get(key, [])] + node.adopted
        named = {alias: normal(atom.path[-1]) for atom in atoms for alias in atom.names}
        own = {normal(atom.path[-1]) for atom in atoms if atom.fixed}
        family: dict[str, list[Atom]] = {}
        for atom in atoms:
            name = normal(atom.path[-1])
            name = name if name in own else named.get(name, name)
            family.setdefault(name, []).append(atom)
        return {
            name: sorted(family[name], key=lambda one: (not one.fixed, one.path)) for name in sorted(family)
        }

    def _group(self, family: Mapping[str, Sequence[Atom]]) -> Group:
        stored = {name: atoms[0].attribute for name, atoms in family.items() if atoms[0].attribute}
        return Group(
            [identity for identity in stored.values() if identity],
            {name: atoms[0].path[-1] for name, atoms in family.items() if name not in stored},
        )

    def _merged(
        self,
        family: Mapping[str, list[Atom]],
        pairs: Iterable[tuple[tuple[str, str], float]],
        depth: int,
    ) -> list[Node]:
        """The nodes that the names of a family come to."""
        by_id = {atoms[0].attribute: name for name, atoms in family.items() if atoms[0].attribute}
        same = nx.Graph()
        same.add_nodes_from(family)
        broader: dict[str, list[tuple[float, str]]] = {}
        agreed: dict[frozenset[str], str] = {}
        compared: dict[frozenset[str], tuple[Path, Path]] = {}
        apart: set[frozenset[str]] = set()
        for pair, similarity in sorted(pairs):
            one, other = sorted(by_id.get(key, key) for key in pair)
            first, second = sorted((family[one][0].path, family[other][0].path))
            if family[one][0].fixed and family[other][0].fixed:
                continue
            if similarity >= self.sure:
                same.add_edge(one, other, similarity=similarity)
                continue
            decided = self.verdict(first, second)
            if decided is None:
                self.undecided.add((first, second))
                same.add_edge(one, other, similarity=similarity)
                continue
            compared[frozenset((one, other))] = (first, second)
            if decided.relation == "same":
                same.add_edge(one, other, similarity=similarity)
                if decided.name and 0 < len(name := titled(decided.name)) <= LONGEST_NAME:
                    agreed[frozenset((one, other))] = name
            elif decided.relation != "different":
                upper = first if decided.relation == "a is broader" else second
                wide, narrow = (one, other) if family[one][0].path == upper else (other, one)
                broader.setdefault(narrow, []).append((similarity, wide))
                apart.add(frozenset((one, other)))
            else:
                apart.add(frozenset((one, other)))
        nodes: dict[str, Node] = {}
        named: dict[str, Node] = {}
        for names in sorted(self._components(same, apart, family)):
            node = self._node(names, family, agreed)
            if normal(node.name) in named:  # the model gave two of them one name
                named[normal(node.name)].atoms += node.atoms
                node = named[normal(node.name)]
            named[normal(node.name)] = node
            node.reasons |= {paths for pair, paths in compared.items() if pair & set(names)}
            nodes |= dict.fromkeys(names, node)
        return _adopted(nodes, broader, depth, self._below)

    def _components(
        self, same: nx.Graph, apart: set[frozenset[str]], family: Mapping[str, list[Atom]]
    ) -> Iterator[list[str]]:
        """Names that are one attribute: connected, near their centre, at most one of them fixed, and none
        that was said to differ from another."""
        for component in nx.connected_components(same):
            fixed = {name for name in component if family[name][0].fixed}
            graph = same.subgraph(component)
            for names in _parted(graph, apart | {frozenset(pair) for pair in combinations(fixed, 2)}):
                yield from self._cohesive(graph, sorted(names), fixed)

    def _cohesive(self, graph: nx.Graph, names: list[str], fixed: set[str]) -> Iterator[list[str]]:
        """The names, less those too far from the centre, which form attributes of their own."""
        vectors = dict(zip(names, self.embedder.embed(names), strict=True))
        kept = list(names)
        while len(kept) > 1:
            stacked = np.stack([vectors[name] for name in kept])
            centre = stacked.mean(axis=0)
            near = stacked @ (centre / np.linalg.norm(centre))
            distance, worst = min(
                (float(near[place]), name) for place, name in enumerate(kept) if name not in fixed
            )
            if distance >= NEAR:
                break
            kept.remove(worst)
        yield from (sorted(rest) for rest in nx.connected_components(graph.subgraph(kept)))
        left = [name for name in names if name not in kept]
        for rest in nx.connected_components(graph.subgraph(left)):
            yield from self._cohesive(graph, sorted(rest), fixed)

    def _node(
        self, names: Sequence[str], family: Mapping[str, list[Atom]], agreed: Mapping[frozenset[str], str]
    ) -> Node:
        atoms = [atom for name in sorted(names) for atom in family[name]]
        fixed = next((atom for atom in atoms if atom.fixed), None)
        if fixed is not None:
            return Node(fixed.path[-1], atoms)
        votes = Counter(normal(name) for pair, name in agreed.items() if pair <= set(names))
        spelled = {normal(name): name for name in agreed.values()}
        spelled |= {name: family[name][0].path[-1] for name in names}
        weights = {name: sum(self._weight(atom) for atom in family[name]) for name in names}
        taken = family.keys() - set(names)
        best = min(
            (name for name in {*names, *votes} if name not in taken),
            key=lambda name: (-votes[name], -weights.get(name, 0), len(name), name),
        )
        return Node(spelled[best], atoms)

    def _weight(self, atom: Atom) -> int:
        """Exchanges at or below a path, and what it counts otherwise."""
        below = self._below.get(key_of(atom.path), ())
        return atom.weight + len(atom.evidence) + sum(self._weight(child) for child in below)


def _parted(graph: nx.Graph, apart: set[frozenset[str]]) -> list[set[str]]:
    """The names of a connected graph in groups: the likest are joined first, and never two that are to stay
    apart."""
    group = {name: {name} for name in graph}
    edges = sorted(graph.edges(data="similarity"), key=lambda edge: (-edge[2], *sorted(edge[:2])))
    for one, other, _ in edges:
        first, second = group[one], group[other]
        parted = any(pair & first and pair & second for pair in apart)
        if first is not second and not parted:
            first |= second
            group |= dict.fromkeys(second, first)
    return list({id(names): names for names in group.values()}.values())


def _adopted(
    nodes: Mapping[str, Node],
    broader: Mapping[str, Sequence[tuple[float, str]]],
    depth: int,
    below: Mapping[Key, Sequence[Atom]],
) -> list[Node]:
    """The nodes that stay at this level; those that are narrower than a sibling go below it, where the tree
    does not become too deep."""
    distinct = {id(node): node for node in nodes.values()}
    wider: dict[int, tuple[float, Node]] = {}
    for narrow, several in broader.items():
        node = nodes[narrow]
        for similarity, wide in several:
            other = nodes[wide]
            if other is node or node.fixed or depth + 1 + _levels(node.atoms, below) > LEVELS + 1:
                continue
            best = wider.get(id(node))
            if best is None or (-similarity, other.name) < (-best[0], best[1].name):
                wider[id(node)] = (similarity, other)
    stays = [node for key, node in distinct.items() if not _under(key, wider)]
    for key, node in distinct.items():
        upper = _under(key, wider)
        if upper is not None:
            upper.adopted += node.atoms
            upper.reasons |= node.reasons
    return sorted(stays, key=lambda node: node.name)


def _under(key: int, wider: Mapping[int, tuple[float, Node]]) -> Node | None:
    """The node that stays, above one that does not; None: it stays itself, as do those in a circle."""
    seen = {key}
    found = None
    while key in wider:
        found = wider[key][1]
        key = id(found)
        if key in seen:
            return None
        seen.add(key)
    return found


def _levels(atoms: Sequence[Atom], below: Mapping[Key, Sequence[Atom]]) -> int:
    """Levels of paths below these."""
    children = [child for atom in atoms for child in below.get(key_of(atom.path), ())]
    return 1 + _levels(children, below) if children else 0
