"""What is counted over a taxonomy, how evenly it is spread, and how long its tail is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.figures import Domain, evenness, figures, gini

COUNTS = st.lists(st.integers(0, 10**6), min_size=2, max_size=40).filter(any)


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


@pytest.mark.parametrize("counts", [[1, 1, 1, 1], [7], [3, 3]])
def test_equal_counts_have_a_gini_of_0(counts: list[int]) -> None:
    assert gini(counts) == 0


@pytest.mark.parametrize("n", [1, 2, 5, 100])
def test_where_one_has_everything_gini_is_all_but_one_nth(n: int) -> None:
    assert gini([*[0] * (n - 1), 12]) == pytest.approx((n - 1) / n)


def test_gini_has_the_value_of_a_known_case() -> None:
    assert gini([4, 1, 3, 2]) == pytest.approx(0.25)


def test_evenness_has_the_values_of_known_cases() -> None:
    assert evenness([5, 5, 5]) == pytest.approx(1)
    assert evenness([9, 0, 0]) == 0
    assert evenness([1, 1, 0, 0]) == pytest.approx(0.5)
    assert evenness([1, 3]) == pytest.approx(-(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75)))


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_nothing_has_neither_gini_nor_evenness(counts: list[int]) -> None:
    assert (gini(counts), evenness(counts)) == (None, None)
    assert evenness([3]) is None


@given(COUNTS, st.integers(1, 1000))
def test_gini_and_evenness_do_not_depend_on_order_or_scale(counts: list[int], factor: int) -> None:
    scaled = [count * factor for count in reversed(counts)]
    assert gini(scaled) == pytest.approx(gini(counts))
    assert evenness(scaled) == pytest.approx(evenness(counts))
    assert 0 <= (gini(counts) or 0) < 1
    assert 0 <= (evenness(counts) or 0) <= 1


@given(COUNTS, st.data())
def test_giving_to_the_poorer_makes_no_figure_less_equal(counts: list[int], choice: st.DataObject) -> None:
    ranked = sorted(counts)
    gift = choice.draw(st.integers(0, (ranked[-1] - ranked[0]) // 2))
    after = [ranked[0] + gift, *ranked[1:-1], ranked[-1] - gift]
    assert (gini(after) or 0) <= (gini(counts) or 0) + 1e-9
    assert (evenness(after) or 0) >= (evenness(counts) or 0) - 1e-9


def test_balance_counts_neither_roots_nor_what_the_core_brings(read: Callable[..., Tree]) -> None:
    even = figures(read(lines({"path": ["A", "a"]}, {"path": ["A", "b"]}, {"path": ["B", "c", "d"]})), 0)
    assert even.balance == pytest.approx(1)
    assert (even.by_root["A"], even.by_root["B"]) == (Domain(3, 0), Domain(3, 0))
    assert sum(one.nodes for one in even.by_root.values()) == even.nodes
    lone = figures(read(lines({"path": ["A", "a"]}, {"path": ["B"]})), 0)
    assert lone.balance == 0


def test_evidence_is_counted_by_root_and_among_nodes(read: Callable[..., Tree]) -> None:
    tree = read(
        lines(
            {"path": ["A"], "support": 3},
            {"path": ["A", "a"], "support": 3},
            {"path": ["A", "b"], "support": 1},
            {"path": ["A", "new"], "proposed": True},
            {"path": ["B"], "support": 1},
            {"path": ["B", "c"], "support": 1},
        )
    )
    found = figures(tree, 4)
    assert (found.exchanges, found.evidenced, found.proposed) == (4, 5, 1)
    assert (found.by_root["A"], found.by_root["B"]) == (Domain(4, 3), Domain(2, 1))
    assert found.evidence_balance == pytest.approx(evenness([3, 1]))
    assert found.support_gini == pytest.approx(gini([3, 3, 1, 1, 1]))
    assert found.leaf_support_gini == pytest.approx(gini([3, 1, 1]))


def test_a_tree_without_evidence_has_no_figures_of_it(human: Tree) -> None:
    found = figures(human, 0)
    assert (found.evidence_balance, found.support_gini, found.leaf_support_gini) == (None, None, None)
    assert found.balance is not None
    assert found.balance > 0.9


@pytest.mark.live
def test_exchanges_are_counted_once_and_in_their_own_taxonomy(
    api: DeepPersona,
    taxonomy: str,
    imported: Callable[[Sequence[str]], Tree],
    by_hand: Callable[..., set[tuple[Any, ...]]],
) -> None:
    imported([json.dumps({"path": ["A", name]}) for name in "ab"])
    assert api.figures(taxonomy).exchanges == 0
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.name IN ['a', 'b'] WITH collect(a) AS both "
        "UNWIND range(1, 3) AS n CREATE (e:Exchange {taxonomy: $t, id: $t + toString(n)}) "
        "WITH e, both UNWIND both AS a CREATE (e)-[:EVIDENCES {value: 'x'}]->(a), (e)-[:EVIDENCES]->(a)",
        t=taxonomy,
    )
    assert api.figures(taxonomy).exchanges == 3
    assert api.figures("human").exchanges == 0
