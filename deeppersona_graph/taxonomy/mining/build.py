"""Stage 1 from end to end: classify, extract, filter, merge, filter, describe (DeepPersona, Algorithm 2).

A run computes the tree that follows from all dialogues so far and from the decisions on them, and changes the
graph where it differs. What was decided before is remembered, so more dialogues ask only what they concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.packs import Packer
from deeppersona_graph.llm.request import Request
from deeppersona_graph.model.dialogue import Exchange
from deeppersona_graph.model.tree import Path, Tree
from deeppersona_graph.taxonomy.figures import count_exchanges, figures
from deeppersona_graph.taxonomy.mining.classify import Mentioned, classify, extract, personal
from deeppersona_graph.taxonomy.mining.describe import describe, mined_nodes
from deeppersona_graph.taxonomy.mining.domains import domains_of, domains_text, new_roots
from deeppersona_graph.taxonomy.mining.expand import expand
from deeppersona_graph.taxonomy.mining.filter import Verdict, filter_paths
from deeppersona_graph.taxonomy.mining.grow import Growing, Node, atoms_of
from deeppersona_graph.taxonomy.mining.interview import Interview, WaitingError, with_inputs
from deeppersona_graph.taxonomy.mining.likeness import Likeness
from deeppersona_graph.taxonomy.mining.paths import key_of
from deeppersona_graph.taxonomy.mining.plan import Changes, plan
from deeppersona_graph.taxonomy.mining.questions import (
    CLASSIFY,
    EXTRACT,
    Classified,
    exchange_text,
)
from deeppersona_graph.taxonomy.mining.report import MiningReport
from deeppersona_graph.taxonomy.mining.review import review, told
from deeppersona_graph.taxonomy.mining.standing import Standing, read_standing
from deeppersona_graph.taxonomy.mining.verdicts import Verdicts
from deeppersona_graph.taxonomy.mining.write import (
    proposal_id,
    record_decided,
    record_exchanges,
    record_proposals,
    write_changes,
)
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import Progress


@dataclass(frozen=True)
class Bench:
    """What a mining run works with."""

    graph: Graph
    tree: Tree
    embedder: Embedder
    interview: Interview
    progress: Progress
    branches: int
    """Thin branches for which attributes are proposed, at most."""


def build(bench: Bench, dialogues: Iterable[Exchange]) -> MiningReport:
    """Mine dialogues into the taxonomy of the bench, and report.

    Where answers are outstanding, the report says so and the tree is as it was; run again when they came.
    """
    report = MiningReport(bench.tree.name, version=bench.tree.version)
    try:
        _build(bench, dialogues, report)
    except WaitingError:
        report.state = "waiting"
    report.failed = bench.interview.failed
    report.waiting, report.files = bench.interview.waiting, bench.interview.files
    return report


@dataclass(frozen=True, slots=True)
class FirstQuestions:
    """What the first two steps would ask about exchanges, were all of them personal."""

    requests: list[Request[Any]]
    exchanges: int
    new: int


def first_questions(
    graph: Graph, taxonomy: str, packer: Packer, dialogues: Mapping[str, Exchange]
) -> FirstQuestions:
    """The requests of the first two steps for exchanges that no earlier run took in."""
    known = {row["id"] for row in graph.read("mining/read_exchanges", taxonomy=taxonomy) if row["settled"]}
    texts = [exchange_text(one) for identity, one in dialogues.items() if identity not in known]
    extraction = with_inputs(EXTRACT, domains=domains_text(new_roots()))
    requests = packer.expected(CLASSIFY, texts) + packer.expected(extraction, texts)
    return FirstQuestions(requests, len(dialogues), len(texts))


def _build(bench: Bench, dialogues: Iterable[Exchange], report: MiningReport) -> None:
    interview, embedder = bench.interview, bench.embedder
    standing = read_standing(bench.graph, bench.tree)
    domains = domains_of(bench.tree)
    exchanges = {**{one.id: one for one in dialogues}, **standing.exchanges}
    report.exchanges, report.new = len(exchanges), len(exchanges) - len(standing.exchanges)

    classified = classify(interview, exchanges)
    report.note_classes(classified.values())
    mentions = extract(interview, domains, personal(exchanges, classified))
    report.mentions = len(mentions)
    verdicts = filter_paths(interview, embedder, domains, (path for _, path, _ in mentions))
    report.note_verdicts(list(verdicts.values()))
    _record(bench, standing, exchanges, classified, verdicts, mentions)

    roots = _merged(bench, standing, verdicts, mentions, report)
    core = {a.id for a in bench.tree.core.values()}
    second = review(interview, embedder, domains, core, roots)
    report.note_second(second, told(second))
    if bench.branches and mentions:  # where nothing is revealed, the tree stays as it is
        report.note_refused(expand(interview, embedder, roots, bench.branches))
    nodes = mined_nodes(roots)
    report.attributes, report.expanded = len(nodes), sum(node.proposed for _, node in nodes)
    described = describe(interview, bench.tree, nodes)

    kept = {proposal_id(one.proposed): one.kept for one in verdicts.values() if one.kept is not None}
    changes = plan(standing, roots, described, kept, expanded=bool(bench.branches))
    report.note_changes(changes)
    _write(bench, changes, report)
    tree = load_tree(bench.graph, bench.tree.name) if report.changed else bench.tree
    report.figures = figures(tree, count_exchanges(bench.graph, tree.name))


def _record(
    bench: Bench,
    standing: Standing,
    exchanges: Mapping[str, Exchange],
    classified: Mapping[str, Classified],
    verdicts: Mapping[Path, Verdict],
    mentions: Sequence[Mentioned],
) -> None:
    """Take down what is new of exchanges and proposals: provenance, and no change of the tree."""
    graph, name = bench.graph, bench.tree.name
    new = {identity for identity in exchanges if identity not in standing.settled}
    record_exchanges(graph, name, (exchanges[identity] for identity in sorted(new)), classified)
    own = [mention for mention in mentions if mention[0] in new]
    record_proposals(graph, name, [verdicts[path] for path in sorted({path for _, path, _ in own})], own)
    settled = [one for one in sorted(new) if not bench.interview.failed_on(exchange_text(exchanges[one]))]
    graph.write("mining/settle_exchanges", taxonomy=name, ids=settled)


def _merged(
    bench: Bench,
    standing: Standing,
    verdicts: Mapping[Path, Verdict],
    mentions: Sequence[Mentioned],
    report: MiningReport,
) -> list[Node]:
    """The tree of all kept paths, siblings merged level by level (Algorithm 1)."""
    paths: dict[Path, dict[str, set[str]]] = {}
    for exchange, proposed, value in mentions:
        kept = verdicts[proposed].kept
        if kept is not None and key_of(kept) not in standing.banned:
            paths.setdefault(kept, {}).setdefault(exchange, set()).add(value)
    atoms = atoms_of(paths, standing.given())
    likeness = Likeness(bench.graph, bench.tree.name, bench.embedder)
    likeness.embed_names(bench.progress)
    relations = Verdicts(bench.interview)
    growing = Growing(atoms, likeness, bench.embedder, relations)
    while True:
        roots = [Node(domain.name, [atoms[key_of(domain.path)]]) for domain in domains_of(bench.tree)]
        growing.tree(roots)
        if not growing.undecided:
            report.note_merging(roots, len(relations))
            return roots
        relations.ask(growing.undecided)


def _write(bench: Bench, changes: Changes, report: MiningReport) -> None:
    report.state = "unchanged"
    if changes.any:
        logged = {"exchanges": report.exchanges, "created": report.created, "gone": report.gone}
        report.version = write_changes(bench.graph, bench.tree, bench.embedder, changes, logged)
        report.state = "finished"
    record_decided(bench.graph, bench.tree.name, changes)
