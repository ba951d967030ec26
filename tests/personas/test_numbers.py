"""Numbers of the bank: within their bounds, mostly typical."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.model.tree import Attribute
from deeppersona_graph.personas.numbers import TYPICAL_SHARE, number_at, number_range

ANYWHERE = (-math.inf, math.inf)
GRID = [(step + 0.5) / 2000 for step in range(2000)]


def number(minimum: float, maximum: float, **more: object) -> Attribute:
    return Attribute(
        id="n",
        path=("A", "N"),
        value_type="number",
        minimum=minimum,
        maximum=maximum,
        **more,  # type: ignore[arg-type]
    )


def drawn(attribute: Attribute, age: int = 40, between: tuple[float, float] = ANYWHERE) -> list[float]:
    found = [number_at(u, attribute, age, between) for u in GRID]
    return [one for one in found if one is not None]


BOUNDS = st.one_of(
    st.tuples(st.integers(-200, 200), st.integers(0, 300)).map(lambda b: (float(b[0]), float(b[0] + b[1]))),
    st.tuples(st.integers(-2000, 2000), st.integers(0, 900)).map(lambda b: (b[0] / 10, (b[0] + b[1]) / 10)),
)


@given(
    u=st.floats(0, 1, exclude_min=True, exclude_max=True),
    bounds=BOUNDS,
    typical=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    low=st.just(-math.inf) | st.floats(-250, 250),
    high=st.just(math.inf) | st.floats(-250, 250),
    at_most=st.none() | st.integers(0, 30),
    at_least=st.none() | st.integers(0, 60),
    age=st.integers(16, 100),
)
def test_a_number_lies_within_its_bounds_and_strictly_between_what_is_ruled_out(
    u: float,
    bounds: tuple[float, float],
    typical: tuple[float, float] | None,
    low: float,
    high: float,
    at_most: int | None,
    at_least: int | None,
    age: int,
) -> None:
    least, most = bounds
    inner = sorted(round(least + share * (most - least), 1) for share in typical) if typical else None
    attribute = number(
        least, most, typical=tuple(inner) if inner else None, at_most=at_most, at_least=at_least
    )
    found = number_at(u, attribute, age, (low, high))
    if found is not None:
        first, last = number_range(attribute, age)
        assert first <= found <= last
        assert low < found < high
        if least.is_integer() and most.is_integer():
            assert isinstance(found, int)


@pytest.mark.parametrize(
    ("minimum", "maximum", "typical"),
    [(0, 100, (20, 40)), (0.6, 5.8, (2.6, 3.9)), (-40, 10, (-20, -5)), (0.0, 2.5, (0.0, 0.5))],
)
def test_four_in_five_are_typical(minimum: float, maximum: float, typical: tuple[float, float]) -> None:
    found = drawn(number(minimum, maximum, typical=typical))
    share = sum(typical[0] <= one <= typical[1] for one in found) / len(found)
    assert share == pytest.approx(TYPICAL_SHARE, abs=0.01)
    assert min(found) < typical[0] or typical[0] == minimum
    assert max(found) > typical[1]


def test_rare_numbers_are_rarer_the_further_away() -> None:
    found = drawn(number(0, 100, typical=(0, 20)))
    near, far = sum(21 <= one <= 45 for one in found), sum(75 < one <= 100 for one in found)
    assert near > 4 * far > 0


def test_without_a_typical_range_every_number_is_as_likely() -> None:
    found = drawn(number(3, 12))
    assert {one: found.count(one) for one in set(found)} == dict.fromkeys(range(3, 13), 200)


def test_the_years_lived_cut_the_number() -> None:
    years = number(0, 70, typical=(5, 30), at_most=15)
    assert max(drawn(years, age=20)) == 5
    assert number_at(0.5, years, 14, ANYWHERE) is None
    birth = number(0, 100, at_least=20)
    assert min(drawn(birth, age=60)) == 40


def test_a_range_of_one_number_gives_it() -> None:
    assert set(drawn(number(4, 4))) == {4}
    assert set(drawn(number(0.5, 0.5))) == {0.5}
    assert set(drawn(number(0.5, 9.5, typical=(2.5, 2.5)))) >= {2.5}


def test_bounds_from_other_values_leave_what_lies_strictly_between() -> None:
    whole, fraction = number(3, 12, typical=(6, 8)), number(0.5, 9.5, typical=(2.5, 4.0))
    assert set(drawn(whole, between=(-math.inf, 7))) == {3, 4, 5, 6}
    assert set(drawn(whole, between=(10.5, math.inf))) == {11, 12}
    assert number_at(0.5, whole, 40, (7, 8)) is None
    assert max(drawn(fraction, between=(-math.inf, 3.0))) == 2.99
    assert min(drawn(fraction, between=(3.0, math.inf))) == 3.01
