"""Values of the bank: lists keep the shares of their members, and nothing drawn contradicts what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from deeppersona_graph.model.tree import Attribute, Exclusion, Tree, Value
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.draw import MOST_MEMBERS, Drawn, Race, draw_value

GRID = [(step + 0.5) / 4000 for step in range(4000)]


def listed(weights: Sequence[float], alone: frozenset[int] = frozenset()) -> Attribute:
    values = tuple(
        Value(id=f"v{rank}", text=f"value {rank}", rank=rank, weight=weight, alone=rank in alone)
        for rank, weight in enumerate(weights)
    )
    return Attribute(id="list", path=("A", "List"), value_type="list", values=values)


def nothing_yet(*attributes: Attribute) -> Filled:
    return Filled(Constraints(Tree("t", attributes)))


def members(attribute: Attribute, race: Race, filled: Filled) -> tuple[Value, ...]:
    found = draw_value(attribute, race, filled, 40)
    assert found is not None
    return found.values


@pytest.mark.parametrize(
    ("weights", "alone"),
    [
        ((60, 50, 40, 30), frozenset()),
        ((40, 35, 15, 30), frozenset({0})),
        ((70, 70, 70), frozenset()),
        ((10, 60, 40, 20), frozenset({0, 3})),
        ((100,), frozenset()),
    ],
)
def test_each_member_of_a_list_is_included_with_its_share(
    weights: tuple[float, ...], alone: frozenset[int]
) -> None:
    attribute, chance = listed(weights, alone), Random(3)
    filled, seen = nothing_yet(attribute), Counter[int]()
    for u in GRID:
        order = chance.sample(range(len(weights)), len(weights))
        found = members(attribute, Race(u, order, [weights[rank] for rank in order]), filled)
        seen.update(value.rank for value in found)
        assert 1 <= len(found) <= MOST_MEMBERS
        assert len(found) == 1 or not any(value.alone for value in found)
        assert [value.rank for value in found] == sorted({value.rank for value in found})
    claimed = sum(weights[rank] for rank in alone) / 100
    expected = {
        rank: min(weight / 100, 1.0)
        if rank in alone
        else weight / 100 * max(1.0, (1 - claimed) / (sum(weights) / 100 - claimed))
        for rank, weight in enumerate(weights)
    }
    assert {rank: seen[rank] / len(GRID) for rank in expected} == pytest.approx(expected, abs=0.03)


def test_the_tilt_moves_shares_between_members_and_keeps_their_sum() -> None:
    attribute = listed((40, 40, 40))
    filled, sizes, seen = nothing_yet(attribute), [], Counter[int]()
    for u in GRID:
        found = members(attribute, Race(u, (0, 1, 2), (80.0, 40.0, 20.0)), filled)
        sizes.append(len(found))
        seen.update(value.rank for value in found)
    assert sum(sizes) / len(sizes) == pytest.approx(1.2, abs=0.01)
    assert seen[0] / seen[1] == pytest.approx(2, rel=0.02)
    assert seen[1] / seen[2] == pytest.approx(2, rel=0.02)


def test_only_values_that_stand_alone_still_give_one() -> None:
    attribute = listed((30, 20), frozenset({0, 1}))
    found = Counter(
        value.rank
        for u in GRID
        for value in members(attribute, Race(u, (0, 1), (30.0, 20.0)), nothing_yet(attribute))
    )
    assert found[0] / len(GRID) == pytest.approx(0.6, abs=0.01)
    assert found[0] + found[1] == len(GRID)


def test_members_that_exclude_each_other_are_never_together() -> None:
    first, second, third = listed((60, 60, 60)).values
    first = Value(first.id, first.text, 0, 60, excludes=(Exclusion("list", value=second.id),))
    attribute = Attribute(id="list", path=("A", "List"), value_type="list", values=(first, second, third))
    filled, chance = nothing_yet(attribute), Random(5)
    for u in GRID[::7]:
        order = chance.sample(range(3), 3)
        found = {value.rank for value in members(attribute, Race(u, order, (60.0, 60.0, 60.0)), filled)}
        assert not {0, 1} <= found


def test_the_first_of_the_race_that_contradicts_nothing_is_drawn() -> None:
    colour = Attribute(
        id="colour",
        path=("A", "Colour"),
        value_type="categorical",
        values=tuple(Value(id=f"c{rank}", text=f"c{rank}", rank=rank, weight=1) for rank in range(3)),
    )
    mood = Attribute(
        id="mood",
        path=("A", "Mood"),
        value_type="categorical",
        values=(Value("m0", "m0", 0, 1, excludes=(Exclusion("colour", value="c2"),)),),
    )
    filled, race = nothing_yet(colour, mood), Race(0.5, (2, 0, 1), ())
    assert draw_value(colour, race, filled, 40) == Drawn(values=(colour.values[2],))
    filled.add(mood, mood.values)
    assert draw_value(colour, race, filled, 40) == Drawn(values=(colour.values[0],))
    assert draw_value(colour, race, filled, 40, only={"c1"}) == Drawn(values=(colour.values[1],))
    assert draw_value(colour, race, filled, 40, only={"c2"}) is None
    assert draw_value(colour, Race(0.5, (), ()), filled, 40) is None
