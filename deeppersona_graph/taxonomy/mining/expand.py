"""Expansion: where the tree is thin, a model proposes attributes, which pass the filter and are marked."""

from __future__ import annotations

from collections.abc import Sequence

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Path, normal
from deeppersona_graph.taxonomy.mining.grow import SURE, Atom, Node
from deeppersona_graph.taxonomy.mining.interview import Interview
from deeppersona_graph.taxonomy.mining.likeness import THRESHOLD
from deeppersona_graph.taxonomy.mining.paths import LEVELS, tidy
from deeppersona_graph.taxonomy.mining.questions import (
    COMPARE,
    EXPAND,
    JUDGE,
    branch_text,
    pair_text,
    path_text,
)

FEW = 3
"""Children below which a branch may be thin."""


def expand(
    interview: Interview, embedder: Embedder, roots: Sequence[Node], branches: int
) -> list[tuple[Path, str]]:
    """Hang what a model proposes under the `branches` thinnest branches; what was refused, with the reason.

    Raises `WaitingError` where answers are outstanding.
    """
    thin = _thinnest(roots)[:branches]
    asked = {id(node): branch_text(path, sorted(one.name for one in node.children)) for path, node in thin}
    replies = interview.ask(EXPAND, asked.values(), "proposing attributes")
    interview.check()
    refused: list[tuple[Path, str]] = []
    proposals: list[tuple[Node, Path]] = []
    for path, node in thin:
        reply = replies.get(asked[id(node)])
        known = {normal(child.name) for child in node.children}
        for name in reply.value.names if reply else ():
            candidate, lost = tidy((*path, name))
            if lost or len(candidate) != len(path) + 1 or normal(candidate[-1]) in known:
                refused.append(((*path, name), lost or "it is there already"))
                continue
            known.add(normal(candidate[-1]))
            proposals.append((node, candidate))
    judged = interview.ask(JUDGE, (path_text(path) for _, path in proposals), "judging proposals")
    alike = {path: _alike(embedder, node, path) for node, path in proposals}
    compared = interview.ask(
        COMPARE,
        (
            pair_text(path, other)
            for path, near in alike.items()
            for other, likeness in near
            if likeness < SURE
        ),
        "comparing proposals",
    )
    interview.check()
    for node, path in proposals:
        reply_ = judged.get(path_text(path))
        if reply_ is None or not (reply_.value.names[-1].valid and reply_.value.names[-1].fits):
            refused.append((path, reply_.value.reason if reply_ else "nobody judged it"))
            continue
        twin = next(
            (
                other
                for other, likeness in alike[path]
                if likeness >= SURE
                or ((found := compared.get(pair_text(path, other))) and found.value.relation == "same")
            ),
            None,
        )
        if twin is not None:
            refused.append((path, f"the same as {twin[-1]!r}"))
            continue
        added = Node(path[-1], [Atom(path)], proposed=True)
        added.verdicts.append(interview.decision(EXPAND, asked[id(node)]))
        added.verdicts.append(interview.decision(JUDGE, path_text(path)))
        node.children.append(added)
    return refused


def _thinnest(roots: Sequence[Node]) -> list[tuple[Path, Node]]:
    """Branches with few children: fewer than `FEW`, and not more than their siblings have on average; the
    thinnest first, of these the ones with the least evidence. What somebody made by hand is not thin."""
    found = []
    families: list[list[tuple[Path, Node]]] = [[((root.name,), root) for root in roots]]
    families += [
        [((*path, child.name), child) for child in node.children]
        for root in roots
        for path, node in root.walk()
    ]
    for family in families:
        branches = [(path, node) for path, node in family if node.children or len(path) == 1]
        mean = sum(len(node.children) for _, node in branches) / max(1, len(branches))
        for path, node in branches:
            few = len(node.children) < min(FEW, mean + 1) and len(path) <= LEVELS
            if few and not any(child.fixed for child in node.children):
                found.append((len(node.children), len(node.evidence), path, node))
    return [(path, node) for *_, path, node in sorted(found, key=lambda one: one[:3])]


def _alike(embedder: Embedder, node: Node, path: Path) -> list[tuple[Path, float]]:
    """The children of a node whose names are alike enough to a proposed one to be the same, by path."""
    names = sorted(child.name for child in node.children)
    if not names:
        return []
    likeness = embedder.embed(names) @ embedder.embed([path[-1]])[0]
    return [
        ((*path[:-1], name), float(one))
        for name, one in zip(names, likeness, strict=True)
        if one >= THRESHOLD
    ]
