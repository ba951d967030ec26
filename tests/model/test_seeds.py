"""Streams and uniforms depend on their labels alone, and are uniform."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.model.seeds import (
    MODULUS,
    digest,
    draw_of,
    multipliers,
    persona_seed,
    stream,
    uniform,
)

LABELS = st.lists(st.one_of(st.integers(), st.text(st.characters(exclude_categories=["Cs"]))), max_size=4)


@given(LABELS, LABELS)
def test_digests_agree_only_for_equal_labels(a: list[str | int], b: list[str | int]) -> None:
    assert (digest(*a) == digest(*b)) == (a == b)


def test_labels_are_never_joined() -> None:
    labels: list[tuple[str | int, ...]] = [
        ("a", "b"),
        ("ab",),
        ("a,b",),
        ('a", "b',),
        (1, 2),
        ("1", 2),
        (12,),
    ]
    assert len({digest(*one) for one in labels}) == len(labels)


def test_a_stream_is_the_same_whenever_it_is_opened() -> None:
    first, other = stream("age", 7), stream("age", 8)
    drawn = [first.random() for _ in range(5)]
    again = stream("age", 7)
    assert [again.random() for _ in range(5)] == drawn
    assert [other.random() for _ in range(5)] != drawn


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6))
def test_a_persona_seed_fits_the_database(seed: int, index: int) -> None:
    assert 0 <= persona_seed(seed, index) < 2**63


def test_personas_of_a_run_have_seeds_of_their_own() -> None:
    assert len({persona_seed(seed, index) for seed in (0, 1, 2**63 - 1) for index in range(1000)}) == 3000


@given(st.integers(0, MODULUS - 1), st.integers(0, 2**63 - 1), st.text(max_size=5))
def test_uniforms_lie_inside_the_unit_interval(draw: int, seed: int, purpose: str) -> None:
    a, b = multipliers(seed, purpose)
    assert 0 < a < MODULUS
    assert 0 <= b < MODULUS
    assert 0 < uniform(draw, a, b) < 1
    assert draw * a + b < 2**63


def test_uniforms_of_nodes_fill_the_interval_evenly() -> None:
    a, b = multipliers(7, "arrival")
    drawn = sorted(uniform(draw_of(f"node {n}"), a, b) for n in range(10_000))
    largest = max(abs(value - (n + 0.5) / 10_000) for n, value in enumerate(drawn))
    assert largest < 1.95 / 100
    assert all(one < other for one, other in pairwise(drawn))


def test_another_seed_gives_an_order_of_its_own() -> None:
    draws = [draw_of(f"node {n}") for n in range(2000)]
    ranks = []
    for seed in (1, 2):
        a, b = multipliers(seed, "arrival")
        ranks.append([uniform(draw, a, b) for draw in draws])
    first, other = ranks
    mean = sum(x * y for x, y in zip(first, other, strict=True)) / len(draws)
    assert abs(mean - 0.25) * 12 < 0.1
