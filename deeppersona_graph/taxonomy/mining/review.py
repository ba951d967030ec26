"""The second filter, over the merged tree: what stands under a wrong parent is moved, what is no attribute
goes, and branches that say the same under different parents become one (DeepPersona §3.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Attribute, Path, normal, shown
from deeppersona_graph.taxonomy.mining.domains import domains_text, surely_meant
from deeppersona_graph.taxonomy.mining.grow import Node
from deeppersona_graph.taxonomy.mining.interview import Interview, with_inputs
from deeppersona_graph.taxonomy.mining.likeness import THRESHOLD
from deeppersona_graph.taxonomy.mining.paths import LEVELS
from deeppersona_graph.taxonomy.mining.questions import (
    COMPARE,
    REVIEW,
    Reviewed,
    pair_text,
    path_text,
)

REDUNDANT = 0.85
"""Raw cosine of names from which attributes under different parents may be one."""

CORE = 0.43
"""Raw cosine from which an attribute may ask the same as one of the core."""

PARENT = 0.70
"""Raw cosine of names from which an attribute stands for one that a model named as a parent."""

AT_ONCE = 2000
"""Names compared with all others at once."""


@dataclass
class Second:
    """What the second filter did, in words by the path it concerned."""

    moved: list[tuple[Path, Path, str]]
    dropped: list[tuple[Path, str]]
    united: list[tuple[Path, Path, str]]


def review(
    interview: Interview,
    embedder: Embedder,
    domains: Sequence[Attribute],
    core: Collection[str],
    roots: Sequence[Node],
) -> Second:
    """Review every node that mining brought, and change the tree under `roots` accordingly.

    `core` are the ids of the core attributes: what asks the same as one of them becomes it.

    Raises `WaitingError` where answers are outstanding.
    """
    paths = {id(node): path for root in roots for path, node in root.walk()}
    mined = [(path, node) for root in roots for path, node in root.walk() if _is_mined(path, node)]
    kind = with_inputs(REVIEW, domains=domains_text(domains))
    reviews = interview.ask(kind, (path_text(path) for path, _ in mined), "reviewing places")
    twins = [*_twins(embedder, roots), *_core_twins(embedder, roots, core)]
    compared = interview.ask(
        COMPARE, (pair_text(paths[id(one)], paths[id(other)]) for one, other in twins), "comparing branches"
    )
    interview.check()
    done = Second([], [], [])
    parents = {id(child): node for root in roots for _, node in root.walk() for child in node.children}
    for path, node in mined:
        reply = reviews.get(path_text(path))
        if reply is not None:
            node.verdicts.append(interview.decision(REVIEW, path_text(path)))
            _heed(node, path, reply.value, embedder, roots, parents, done)
    became: dict[int, Node] = {}
    for one, other in twins:
        pair = (paths[id(one)], paths[id(other)])
        found = compared.get(pair_text(*pair))
        if found is not None and found.value.relation == "same":
            _unite(one, other, pair, found.value.reason, roots, parents, became, done)
    for root in roots:
        _prune(root)
    return done


def _prune(node: Node) -> None:
    """Take away the areas that nothing is left in."""
    for child in node.children:
        _prune(child)
    node.children = [one for one in node.children if one.fixed or one.children or one.whole_evidence]


def _is_mined(path: Path, node: Node) -> bool:
    return len(path) > 1 and node.fixed is None


def _heed(
    node: Node,
    path: Path,
    reviewed: Reviewed,
    embedder: Embedder,
    roots: Sequence[Node],
    parents: dict[int, Node],
    done: Second,
) -> None:
    parent = parents[id(node)]
    if node not in parent.children:  # it became one with another meanwhile
        return
    if reviewed.verdict == "drop":
        parent.children.remove(node)
        for child in node.children:
            _hang(child, parent, parents)
        parent.absorbed += [*node.atoms, *node.absorbed]
        parent.verdicts += node.verdicts
        done.dropped.append((path, reviewed.reason))
    elif reviewed.verdict == "elsewhere" and reviewed.parent:
        target = _found(reviewed.parent, embedder, roots)
        if target is None or target is parent or any(target is one for _, one in node.walk()):
            return
        place = _path_of(target, roots)
        if len(place) + node.height > LEVELS:
            return
        parent.children.remove(node)
        _hang(node, target, parents)
        done.moved.append((path, place, reviewed.reason))


def _found(wanted: Sequence[str], embedder: Embedder, roots: Sequence[Node]) -> Node | None:
    """The node that a path names, as deep as there is one of the same or nearly the same name."""
    domains = [Attribute(id="", path=(root.name,)) for root in roots]
    meant = surely_meant(embedder, wanted[:1], domains).get(wanted[0]) if wanted else None
    node = next((root for root in roots if root.name == meant), None)
    for name in wanted[1:]:
        below = None if node is None else _child(node, name, embedder)
        if below is None:
            break
        node = below
    return node


def _child(node: Node, name: str, embedder: Embedder) -> Node | None:
    if not node.children:
        return None
    for child in node.children:
        if normal(child.name) == normal(name):
            return child
    children = sorted(node.children, key=lambda one: one.name)
    likeness = embedder.embed([child.name for child in children]) @ embedder.embed([name])[0]
    best = int(np.argmax(likeness))
    return children[best] if likeness[best] >= PARENT else None


def _twins(embedder: Embedder, roots: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """For each mined node, the one most like it by name that stands under another parent, if it is alike
    enough; each pair once."""
    placed = [(path, node) for root in roots for path, node in root.walk() if len(path) > 1]
    if not placed:
        return
    vectors = embedder.embed([node.name for _, node in placed])
    seen: set[frozenset[int]] = set()
    mined = [place for place, (path, node) in enumerate(placed) if _is_mined(path, node)]
    for start in range(0, len(mined), AT_ONCE):
        some = mined[start : start + AT_ONCE]
        likeness = vectors[some] @ vectors.T
        for place, row in zip(some, likeness, strict=True):
            path, node = placed[place]
            for best in np.argsort(-row, kind="stable"):
                if row[best] < REDUNDANT:
                    break
                other, twin = placed[int(best)]
                related = other[:-1] == path[:-1] or other == path[: len(other)] or path == other[: len(path)]
                if not related:
                    pair = frozenset((place, int(best)))
                    if pair not in seen:
                        seen.add(pair)
                        yield node, twin
                    break


def _core_twins(
    embedder: Embedder, roots: Sequence[Node], core: Collection[str]
) -> Iterator[tuple[Node, Node]]:
    """For each mined node that dialogues speak of, the core attribute that may ask the same.

    Somebody who is married at the core must not be divorced elsewhere, so less likeness is needed here: of
    the names, or of the names with those above them.
    """
    placed = [(path, node) for root in roots for path, node in root.walk() if len(path) > 1]
    cores = [(path, node) for path, node in placed if node.fixed and node.fixed.attribute in core]
    mined = [(path, node) for path, node in placed if _is_mined(path, node) and node.evidence]
    if not cores or not mined:
        return
    names, above = (
        embedder.embed([f(path) for path, _ in mined]) @ embedder.embed([f(path) for path, _ in cores]).T
        for f in (lambda path: path[-1], lambda path: " ".join(path[-2:]))
    )
    for (path, node), alike, row in zip(mined, names, np.maximum(names, above), strict=True):
        best = int(np.argmax(row))
        other, twin = cores[best]
        compared = path[:-1] == other[:-1] and alike[best] >= THRESHOLD  # as siblings
        if row[best] >= CORE and not compared:
            yield node, twin


def _unite(
    one: Node,
    other: Node,
    paths: tuple[Path, Path],
    reason: str,
    roots: Sequence[Node],
    parents: dict[int, Node],
    became: dict[int, Node],
    done: Second,
) -> None:
    """Let two nodes be one: the one that is fixed or has more support. `became` knows those that are gone."""
    here = {id(node): place for root in roots for place, node in root.walk()}
    one, other = _last(one, became), _last(other, became)
    if one is other or id(one) not in here or id(other) not in here:
        return
    kept, gone = sorted((one, other), key=lambda node: (node.fixed is None, -_support(node), here[id(node)]))
    up, down = here[id(kept)], here[id(gone)]
    if gone.fixed or up[: len(down)] == down or down[: len(up)] == up:
        return
    if gone.children and len(up) + gone.height > LEVELS + 1:
        return
    parents[id(gone)].children.remove(gone)
    kept.reasons.add((min(paths), max(paths)))
    _absorb(kept, gone, parents)
    became[id(gone)] = kept
    done.united.append((down, up, reason))


def _last(node: Node, became: Mapping[int, Node]) -> Node:
    """What a node came to be."""
    while id(node) in became:
        node = became[id(node)]
    return node


def _hang(node: Node, parent: Node, parents: dict[int, Node]) -> None:
    """Hang a node under a parent; where a child of the same name is there, they become one."""
    twin = next((child for child in parent.children if normal(child.name) == normal(node.name)), None)
    if twin is None:
        parent.children.append(node)
        parents[id(node)] = parent
    elif node.fixed and twin.fixed is None:
        parent.children[parent.children.index(twin)] = node
        parents[id(node)] = parent
        _absorb(node, twin, parents)
    else:
        _absorb(twin, node, parents)


def _absorb(kept: Node, gone: Node, parents: dict[int, Node]) -> None:
    kept.atoms += gone.atoms
    kept.absorbed += gone.absorbed
    kept.reasons |= gone.reasons
    kept.verdicts += gone.verdicts
    for child in gone.children:
        _hang(child, kept, parents)


def _support(node: Node) -> int:
    return len({exchange for _, one in node.walk() for exchange in one.evidence})


def _path_of(node: Node, roots: Sequence[Node]) -> Path:
    return next(path for root in roots for path, one in root.walk() if one is node)


def told(second: Second) -> list[str]:
    """What was done, a line each."""
    return [
        *(f"{shown(path)} moved under {shown(to)}: {why}" for path, to, why in second.moved),
        *(f"{shown(path)} dropped: {why}" for path, why in second.dropped),
        *(f"{shown(path)} became {shown(to)}: {why}" for path, to, why in second.united),
    ]
