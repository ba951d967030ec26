"""The selection statement against the same computed in Python from what is stored in the graph."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.seeds import multipliers, persona_seed, uniform
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchor import Anchored, anchor, seekers
from deeppersona_graph.personas.anchors import resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.select import Prior, Seeker, select

pytestmark = pytest.mark.live

Rows = list[dict[str, Any]]
Found = tuple[str, int, float, float]
"""Id, stratum, similarity, arrival."""

ALL = (10**6, 10**6, 10**6)
ATTRIBUTES = """
MATCH (a:Attribute {taxonomy: $taxonomy})
OPTIONAL MATCH (parent:Attribute)-[:HAS_CHILD]->(a)
RETURN a {.id, .draw, .support, .retired, .core, .value_type, .min_age, .max_age, .embedding} AS a,
       parent.id AS parent, a.minimum IS NOT NULL OR EXISTS { (a)-[:ADMITS]->() } AS valued,
       [(a)-[:REQUIRES]->(v)<-[:ADMITS]-(o) WHERE o.core IS NOT NULL | [o.id, v.id]] AS needs
"""
USES = """
MATCH (p:Persona {population: $population})-[:HAS]->(a:Attribute {taxonomy: $taxonomy})
WHERE p.index < $before RETURN a.id AS id, count(p) AS uses
"""


@dataclass
class World:
    """A taxonomy as it is stored, and the selection of DESIGN §5 computed from it."""

    rows: Rows
    prior: Prior
    uses: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            row["a"]["id"]: {**row["a"], "needs": row["needs"], "valued": row["valued"]} for row in self.rows
        }

    @cached_property
    def forest(self) -> nx.DiGraph:
        forest = nx.DiGraph()
        forest.add_nodes_from(self.nodes)
        forest.add_edges_from((row["parent"], row["a"]["id"]) for row in self.rows if row["parent"])
        return forest

    @cached_property
    def roots(self) -> list[str]:
        return [node for node, degree in self.forest.in_degree() if degree == 0]

    @cached_property
    def bias(self) -> Mapping[str, float]:
        """The product of the factors on the way down to each node."""
        own: dict[str, float] = {}
        for identity, factor in self.prior.biases:
            own[identity] = own.get(identity, 1.0) * factor
        found: dict[str, float] = {}
        for node in nx.topological_sort(self.forest):
            above = next(self.forest.predecessors(node), None)
            found[node] = (1.0 if above is None else found[above]) * own.get(node, 1.0)
        return found

    @cached_property
    def alive(self) -> frozenset[str]:
        """Neither retired nor below a retired or excluded node."""
        dead = {n for n, a in self.nodes.items() if a["retired"] or not self.bias[n]}
        return frozenset(self.nodes) - dead - {d for n in dead for d in nx.descendants(self.forest, n)}

    @cached_property
    def selectable(self) -> frozenset[str]:
        return frozenset(
            node
            for node in self.alive
            if node not in self.roots and self.nodes[node]["core"] is None and self.nodes[node]["valued"]
        )

    @cached_property
    def slowness(self) -> Mapping[str, float]:
        """The inverse of the weight of each living node below the roots."""
        found = {}
        for node in self.alive - set(self.roots):
            parent = next(self.forest.predecessors(node))
            below = {node, *nx.descendants(self.forest, node)}
            leaves = sum(1 for one in below if not self.forest.out_degree(one))
            support = self.nodes[node]["support"] or leaves
            found[node] = (
                self.forest.out_degree(parent)
                / self.bias[node]
                * (1 + support) ** self.prior.alpha
                * (1 + self.uses.get(node, 0)) ** self.prior.beta
            )
        return found

    def waits(self, seeker: Seeker) -> dict[str, float]:
        """The time from each parent to its child, the children of a root counted from the first of them."""
        a, b = multipliers(seeker.seed, "arrival")
        found = {
            node: 0.0
            if node in seeker.explored
            else -math.log(uniform(self.nodes[node]["draw"], a, b)) * slowness
            for node, slowness in self.slowness.items()
        }
        for root in self.roots:
            children = [child for child in self.forest.successors(root) if self._leads_on(child)]
            least = min((found[child] for child in children), default=0.0)
            for child in children:
                found[child] = 0.0 if child in seeker.explored else found[child] - least
        return found

    def _leads_on(self, node: str) -> bool:
        return node in self.alive and bool(
            self.selectable & ({node} | (nx.descendants(self.forest, node) & self.alive))
        )

    def arrivals(self, seeker: Seeker) -> dict[str, float]:
        """The time of each node: the sum of the waits on its path."""
        found, waits = dict.fromkeys(self.roots, 0.0), self.waits(seeker)
        for node in nx.topological_sort(self.forest):
            if node in waits:
                found[node] = found[next(self.forest.predecessors(node))] + waits[node]
        return {n: 0.0 if n in seeker.explored else t for n, t in found.items() if n in self.selectable}

    def frontier_order(self, seeker: Seeker) -> list[str]:
        """The nodes in the order of a walk, step by step, over clocks that run down together."""
        waits = self.waits(seeker)
        clocks: dict[str, float] = {}
        order: list[str] = []

        def explore(node: str) -> None:
            order.append(node)
            clocks.update({c: waits[c] for c in self.forest.successors(node) if c in waits})

        for root in self.roots:
            explore(root)
        while clocks:
            # All that is due is due at once; ties fall to the smaller id.
            node = min(clocks, key=lambda one: (clocks[one], one))
            passed = clocks.pop(node)
            for other in clocks:
                clocks[other] -= passed
            explore(node)
        return order

    def applies(self, node: str, seeker: Seeker) -> bool:
        one = self.nodes[node]
        needs: dict[str, set[str]] = {}
        for owner, value in one["needs"]:
            needs.setdefault(owner, set()).add(value)
        return (one["min_age"] or 0) <= seeker.age <= (one["max_age"] or 999) and all(
            values & set(seeker.situation) for values in needs.values()
        )

    def selection(self, seeker: Seeker) -> list[Found]:
        """All candidates: strata by thirds of the ranks, each in order of arrival."""
        arrivals = self.arrivals(seeker)
        fitting = [node for node in arrivals if self.applies(node, seeker)]
        vectors = np.array([self.nodes[node]["embedding"] for node in fitting], dtype=np.float64)
        similar = vectors @ seeker.profile.astype(np.float64)
        ranked = sorted(zip(fitting, similar.tolist(), strict=True), key=lambda one: (-one[1], one[0]))
        found = [
            (node, 3 * rank // len(ranked), cosine, arrivals[node])
            for rank, (node, cosine) in enumerate(ranked)
        ]
        return sorted(found, key=lambda one: (one[1], one[3], one[0]))


Making = Callable[..., World]
People = Callable[..., list[Seeker]]


@pytest.fixture(scope="module")
def world(cypher: Callable[..., Rows]) -> Making:
    stored: dict[str, Rows] = {}

    def make(taxonomy: str, prior: Prior) -> World:
        if taxonomy not in stored:
            stored[taxonomy] = cypher(ATTRIBUTES, taxonomy=taxonomy)
        uses = cypher(USES, taxonomy=taxonomy, population=prior.population, before=prior.before)
        return World(stored[taxonomy], prior, {row["id"]: row["uses"] for row in uses})

    return make


def seekers_of(api: DeepPersona, tree: Tree, seeds: Sequence[int], **wanted: Any) -> list[Seeker]:
    """The first person of each seed as selection sees it."""
    specification = Specification(taxonomy=tree.name, **wanted)
    anchors = resolve_anchors(specification, tree, Constraints(tree))
    people = [anchor(anchors, "population", seed, 0, (), api.embedder) for seed in seeds]
    numbered = [Anchored(place, p.seed, p.situation, p.inner) for place, p in enumerate(people)]
    return seekers([(person, anchors) for person in numbered], tree, api.embedder)


def prior(tree: Tree, biases: Mapping[tuple[str, ...], float] | None = None, **more: Any) -> Prior:
    found = tuple((tree.by_path[path].id, factor) for path, factor in (biases or {}).items())
    return Prior(**{"alpha": 0.5, "beta": 0.0, "population": "", "before": 0, "biases": found, **more})


def selected(graph: Graph, tree: Tree, one: Prior, people: Sequence[Seeker]) -> dict[int, list[Found]]:
    return {
        index: [(a.attribute.id, a.stratum, a.similarity, a.arrival) for a in found.reserves]
        for index, found in select(graph, tree, one, people, ALL).items()
    }


def assert_same(found: Sequence[Found], expected: Sequence[Found]) -> None:
    """The ids and strata exactly, in order; similarities and arrivals to a millionth."""
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    assert np.allclose([one[2:] for one in found], [one[2:] for one in expected], rtol=1e-6, atol=1e-6)


CASES: list[tuple[dict[tuple[str, ...], float], dict[str, float], dict[str, Any]]] = [
    ({}, {}, {}),
    ({("Hobbies, Interests, and Lifestyle",): 3.0}, {"alpha": 0.0}, {"ages": (16, 18)}),
    (
        {
            ("Career and Work Identity",): 4.0,
            ("Career and Work Identity", "Career Goals"): 0.25,
            ("Physical and Health Characteristics",): 0.0,
            ("Education and Learning", "Formal Education"): 0.0,
        },
        {"alpha": 1.5},
        {"ages": (70, 95), "anchors": ("employment=retired",)},
    ),
    ({}, {}, {"anchors": ("Ambition Level=Boundless", "Fair Rate=20"), "genders": ("female",)}),
]


@pytest.mark.parametrize(("biases", "exponents", "wanted"), CASES, ids=["plain", "young", "biased", "given"])
def test_python_recomputes_the_selection_from_the_stored_draws(
    api: DeepPersona,
    graph: Graph,
    human: Tree,
    world: Making,
    biases: dict[tuple[str, ...], float],
    exponents: dict[str, float],
    wanted: dict[str, Any],
) -> None:
    one = prior(human, biases, **exponents)
    people = seekers_of(api, human, (1, 22), **wanted)
    found, mine = selected(graph, human, one, people), world("human", one)
    for person in people:
        assert_same(found[person.index], mine.selection(person))
    roots = {human.by_id[identity].path[0] for identity, *_ in found[0]}
    assert len(roots) == 12 - sum(1 for path, factor in biases.items() if factor == 0 and len(path) == 1)


def test_the_order_of_arrival_is_that_of_a_frontier_walked_step_by_step(
    api: DeepPersona, graph: Graph, human: Tree, world: Making
) -> None:
    one = prior(human)
    for person in seekers_of(api, human, (5, 6)):
        found = selected(graph, human, one, [person])[person.index]
        by_arrival = [identity for identity, *_ in sorted(found, key=lambda f: (f[3], f[0]))]
        applying = set(by_arrival)
        walked = [node for node in world("human", one).frontier_order(person) if node in applying]
        late = sum(1 for f in found if f[3] == 0.0)
        assert set(by_arrival[:late]) == set(walked[:late])
        assert by_arrival[late:] == walked[late:]


def test_uses_count_and_only_those_of_earlier_people_of_the_population(
    api: DeepPersona, graph: Graph, small: Tree, world: Making, population: str
) -> None:
    list(api.generate(5, population=population, seed=3, taxonomy=small.name, depth=12))
    person = seekers_of(api, small, (8,))[0]
    found: dict[int, list[Found]] = {}
    for before in (0, 3, 5):
        one = prior(small, beta=1.5, population=population, before=before)
        mine = world(small.name, one)
        assert sum(mine.uses.values()) >= 12 * before
        assert_same(
            found.setdefault(before, selected(graph, small, one, [person])[0]), mine.selection(person)
        )
    assert found[0] != found[3] != found[5]
    elsewhere = prior(small, beta=1.5, population="another", before=5)
    assert selected(graph, small, elsewhere, [person])[0] == found[0]


def test_support_takes_the_place_of_the_leaves_below(
    api: DeepPersona,
    graph: Graph,
    imported: Callable[[Sequence[str]], Tree],
    world: Making,
) -> None:
    lines = [
        {"path": ["R"], "support": 90},
        {"path": ["R", "A"], "support": 90},
        {"path": ["R", "A", "a"], "value_type": "ordinal", "values": ["x", "y"], "support": 60},
        {"path": ["R", "A", "b"], "value_type": "ordinal", "values": ["x", "y"], "support": 0},
        {"path": ["R", "B"], "value_type": "ordinal", "values": ["x", "y"], "support": 2},
        {"path": ["R", "C"], "value_type": "ordinal", "values": ["x", "y"], "support": 7, "retired": True},
        {"path": ["R", "D"], "value_type": "ordinal", "values": ["x", "y"]},
        {"path": ["R", "D", "d"], "value_type": "ordinal", "values": ["x", "y"], "support": 1},
        {"path": ["R", "bare"]},
        {"path": ["R", "F", "bare"]},
    ]
    tree = imported([json.dumps(line) for line in lines])
    one = prior(tree, {("R", "A"): 2.0, ("R", "A", "a"): 3.0}, alpha=0.8)
    people = seekers_of(api, tree, range(20))
    found, mine = selected(graph, tree, one, people), world(tree.name, one)
    for person in people:
        assert_same(found[person.index], mine.selection(person))
    assert {tree.by_id[identity].name for identity, *_ in found[0]} == {"a", "b", "B", "D", "d"}


def test_many_people_in_one_statement_get_what_each_gets_alone(
    api: DeepPersona, graph: Graph, human: Tree
) -> None:
    one = prior(human, {("Learning",): 2.0} if ("Learning",) in human.by_path else {})
    people = seekers_of(api, human, (1, 2, 3))
    together = selected(graph, human, one, people)
    for person in people:
        assert selected(graph, human, one, [person])[person.index] == together[person.index]


def test_a_reserve_is_the_first_arrivals_and_what_they_require_however_late(
    api: DeepPersona, graph: Graph, human: Tree
) -> None:
    one, person = prior(human), seekers_of(api, human, (4,))[0]
    whole = select(graph, human, one, [person], ALL)[0]
    part = select(graph, human, one, [person], (40, 30, 20))[0]
    assert part.applicable == whole.applicable == len(whole.reserves)
    for stratum, size in enumerate((40, 30, 20)):
        of_stratum = [a for a in whole.reserves if a.stratum == stratum]
        assert len(of_stratum) == whole.stratum_size(stratum)
        assert [a for a in part.reserves if a.stratum == stratum] == of_stratum[:size]
    wanted, ends = set[str](), [a.attribute for a in part.reserves]
    while ends:
        for required in ends.pop().requires:
            if human.by_id[required.attribute].core is None and required.attribute not in wanted:
                wanted.add(required.attribute)
                ends.append(human.by_id[required.attribute])
    kept = {a.attribute.id for a in part.reserves}
    at_hand = {a.attribute.id for a in whole.reserves}
    assert {a.attribute.id for a in part.required} == (wanted & at_hand) - kept
    assert part.required


TOY: dict[str, dict[str, Any]] = {
    "R": {"A": {"a1": {}, "a2": {}}, "B": {"b1": {}, "b2": {}, "b3": {}}, "c": {}},
    "S": {"d": {}, "E": {"e1": {}, "F": {"f1": {}, "f2": {}}}},
}
SEEDS = 2000


def toy_lines(below: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    for name, children in below.items():
        if children:
            yield from toy_lines(children, (*path, name))
        else:
            record = {"path": [*path, name], "value_type": "ordinal", "values": ["x", "y"]}
            yield json.dumps(record)


def rate(children: Mapping[str, Any], siblings: int) -> float:
    """The weight of a node: over its siblings, over the root of one and the leaves below it."""

    def leaves(node: Mapping[str, Any]) -> int:
        return sum(leaves(one) for one in node.values()) if node else 1

    return 1 / siblings / math.sqrt(1 + leaves(children))


def first_leaves(
    frontier: Mapping[str, tuple[Mapping[str, Any], int]], wanted: int, seen: tuple[str, ...] = ()
) -> dict[tuple[str, ...], float]:
    """The exact law of the first leaves that a walk from `frontier` meets."""
    if len(seen) == wanted:
        return {seen: 1.0}
    total = sum(rate(children, siblings) for children, siblings in frontier.values())
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for name, (children, siblings) in frontier.items():
        rest = {other: node for other, node in frontier.items() if other != name}
        rest |= {child: (below, len(children)) for child, below in children.items()}
        now = seen if children else (*seen, name)
        for leaves, chance in first_leaves(rest, wanted, now).items():
            found[leaves] += chance * rate(children, siblings) / total
    return found


def exact_law() -> dict[tuple[frozenset[str], str], float]:
    """The chance of each set of leaves at time 0 with the first leaf after it."""
    law: dict[tuple[frozenset[str], str], float] = defaultdict(float)
    starts: list[tuple[str, float, dict[str, tuple[Mapping[str, Any], int]]]] = []
    for children in TOY.values():
        rates = {name: rate(below, len(children)) for name, below in children.items()}
        options = []
        for name, below in children.items():
            rest = {other: (node, len(children)) for other, node in children.items() if other != name}
            rest |= {child: (node, len(below)) for child, node in below.items()}
            options.append((name, rates[name] / sum(rates.values()), rest))
        starts = [
            (f"{first} {name}".strip(), chance * own, {**frontier, **rest})
            for first, chance, frontier in starts or [("", 1.0, {})]
            for name, own, rest in options
        ]
    for names, chance, frontier in starts:
        at_once = frozenset(name for name in names.split() if name in ("c", "d"))
        for (leaf,), then in first_leaves(frontier, 1).items():
            law[at_once, leaf] += chance * then
    return law


def chi_square_limit(freedom: int) -> float:
    """The chi-square exceeded once in a thousand (Wilson and Hilferty 1931)."""
    return float(freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3)


def test_the_first_picks_follow_the_exact_law_of_the_walk(
    api: DeepPersona, graph: Graph, imported: Callable[[Sequence[str]], Tree]
) -> None:
    tree = imported(list(toy_lines(TOY)))
    person = seekers_of(api, tree, (1,))[0]
    crowd = [replace(person, index=index, seed=persona_seed(2026, index)) for index in range(SEEDS)]
    seen = Counter[tuple[frozenset[str], str]]()
    for rows in selected(graph, tree, prior(tree), crowd).values():
        ordered = sorted((arrival, tree.by_id[identity].name) for identity, _, _, arrival in rows)
        at_once = frozenset(name for arrival, name in ordered if arrival == 0.0)
        seen[at_once, ordered[len(at_once)][1]] += 1
    law = exact_law()
    assert sum(law.values()) == pytest.approx(1)
    assert seen.keys() <= law.keys()
    statistic = sum((seen[cell] - SEEDS * chance) ** 2 / (SEEDS * chance) for cell, chance in law.items())
    assert min(SEEDS * chance for chance in law.values()) > 4
    assert statistic < chi_square_limit(len(law) - 1)


def test_nobody_to_select_for_and_nothing_to_select_from(api: DeepPersona, graph: Graph, small: Tree) -> None:
    assert select(graph, small, prior(small), [], ALL) == {}
    nothing = prior(small, {(root,): 0.0 for root in ("Animals", "Work", "Home", "Art")})
    found = select(graph, small, nothing, seekers_of(api, small, (1, 2)), ALL)
    assert {one.applicable for one in found.values()} == {0}
