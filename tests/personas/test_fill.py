"""The walk that fills a persona: exactly k, quotas exact, constraints kept; without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deeppersona_graph.errors import AnchorError, DepthError
from deeppersona_graph.model.persona import InnerCore, Persona, Trait
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Exclusion, Requirement, Tree, Value, shown
from deeppersona_graph.personas.anchors import resolve_anchors
from deeppersona_graph.personas.bank import fill_gap
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.draw import Race
from deeppersona_graph.personas.fill import Arrival, Given, ReserveSpentError, Selection, Walk, quotas
from deeppersona_graph.personas.violations import violations

AGE = 40
SOMEBODY = Situation(
    country="CA", country_name="Canada", age=AGE, sex="female", city="Regina", settlement="city",
    education="secondary", employment="employed", occupation="baker", partnership="single",
    parenthood="no children", household="alone", income="middle", faith="none", name="Ann Example",
)  # fmt: skip


def attribute(name: str, *values: str, requires: Mapping[str, Sequence[str]] | None = None) -> Attribute:
    """A categorical attribute whose id is its name, its values' ids `name=value`."""
    return Attribute(
        id=name,
        path=("Root", name),
        value_type="categorical",
        values=tuple(
            Value(f"{name}={text}", text, rank, 1) for rank, text in enumerate(values or ("x", "y"))
        ),
        requires=tuple(
            Requirement(other, frozenset(f"{other}={text}" for text in texts))
            for other, texts in (requires or {}).items()
        ),
    )


def excluding(one: Attribute, text: str, *exclusions: Exclusion) -> Attribute:
    values = (replace(v, excludes=exclusions) if v.text == text else v for v in one.values)
    return replace(one, values=tuple(values))


def number(name: str, minimum: float, maximum: float) -> Attribute:
    return Attribute(id=name, path=("Root", name), value_type="number", minimum=minimum, maximum=maximum)


def tree_of(*attributes: Attribute) -> Tree:
    by_path = {one.path: one for one in attributes}
    for path in list(by_path):
        for length in range(1, len(path)):
            by_path.setdefault(path[:length], Attribute(id=shown(path[:length]), path=path[:length]))
    return Tree("t", tuple(by_path[path] for path in sorted(by_path)))


def arrivals(tree: Tree, ids: Iterable[str], strata: Mapping[str, int]) -> tuple[Arrival, ...]:
    """Arrivals in the order of `ids`, stratum 0 where none is named."""
    return tuple(
        Arrival(tree.by_id[identity], strata.get(identity, 0), 0.5, float(place))
        for place, identity in enumerate(ids)
    )


def races(tree: Tree, first: Mapping[str, str] | None = None) -> dict[str, Race]:
    """Races in the order of the value space, the value named in `first` before the others."""
    found = {}
    for one in tree.attributes:
        if not one.has_values:
            continue
        wanted = (first or {}).get(one.id)
        order = sorted(one.values, key=lambda value: (value.text != wanted, value.rank))
        found[one.id] = Race(0.5, [v.rank for v in order], [v.weight for v in order])
    return found


def walk(
    tree: Tree,
    order: Sequence[str],
    room: Sequence[int],
    *,
    strata: Mapping[str, int] | None = None,
    first: Mapping[str, str] | None = None,
    given: Sequence[Given] = (),
) -> list[Trait]:
    """What the walk along `order` takes, all candidates being at hand."""
    chosen = strata or {}
    sizes = Counter(chosen.get(identity, 0) for identity in order)
    constraints = Constraints(tree)
    # Strata of one's own making need not be thirds: nothing is held back, so none ends early.
    selection = _Whole(len(order), arrivals(tree, order, chosen), ())
    assert sum(sizes.values()) == len(order)
    one = Walk(constraints, selection, list(room), Filled(constraints))
    return list(filled(one, races(tree, first), given))


def filled(
    one: Walk, race: Mapping[str, Race], given: Sequence[Given] = (), chunk: int = 1
) -> tuple[Trait, ...]:
    """The walk gone to its end, `chunk` gaps at a time, values being drawn from the bank."""
    one.begin(given)
    while gaps := one.next(chunk):
        for gap in gaps:
            fill_gap(one, gap, race, AGE)
    return tuple(one.traits)


class _Whole(Selection):
    """A selection that returned every candidate."""

    def stratum_size(self, stratum: int) -> int:
        return sum(1 for one in self.reserves if one.stratum == stratum)


def values_of(traits: Iterable[Trait]) -> dict[str, object]:
    return {trait.attribute: trait.value for trait in traits}


def anchored(tree: Tree, *texts: str, depth: int = 200) -> tuple[Given, ...]:
    specification = Specification(anchors=texts, depth=depth)
    return resolve_anchors(specification, tree, Constraints(tree)).traits


@given(
    depth=st.integers(1, 3000),
    ratio=st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)).filter(any),
)
def test_quotas_sum_to_the_depth_and_stay_within_one_of_the_ratio(
    depth: int, ratio: tuple[int, int, int]
) -> None:
    found = quotas(depth, ratio)
    assert sum(found) == depth
    for quota, share in zip(found, ratio, strict=True):
        assert abs(quota - depth * share / sum(ratio)) < 1
        assert share or not quota


@pytest.mark.parametrize(
    ("depth", "expected"), [(200, [100, 60, 40]), (1, [1, 0, 0]), (7, [4, 2, 1]), (250, [125, 75, 50])]
)
def test_the_ratio_of_the_paper(depth: int, expected: list[int]) -> None:
    assert quotas(depth, (5, 3, 2)) == expected


def test_each_stratum_gives_its_quota_in_order_of_arrival() -> None:
    names = [f"a{number:02}" for number in range(30)]
    tree = tree_of(*(attribute(name) for name in names))
    strata = {name: place % 3 for place, name in enumerate(names)}
    found = walk(tree, names, (5, 3, 2), strata=strata)
    expected = [
        n for s, quota in ((0, 5), (1, 3), (2, 2)) for n in [m for m in names if strata[m] == s][:quota]
    ]
    assert [trait.attribute for trait in found] == sorted(expected)
    assert [trait.order for trait in found] == list(range(1, 11))


def test_a_stratum_that_runs_dry_passes_the_rest_on() -> None:
    names = [f"a{number:02}" for number in range(12)]
    tree = tree_of(*(attribute(name) for name in names))
    strata = {name: 0 if place < 2 else 1 if place < 7 else 2 for place, name in enumerate(names)}
    found = walk(tree, names, (5, 3, 2), strata=strata)
    assert Counter(trait.stratum for trait in found) == {"near": 2, "middle": 5, "far": 3}


def test_a_prerequisite_is_filled_first_and_counts() -> None:
    tree = tree_of(
        attribute("feeding", requires={"pet": ["dog"]}), attribute("pet", "dog", "none"), attribute("z")
    )
    found = walk(tree, ["feeding", "z", "pet"], (2, 0, 0))
    assert [trait.attribute for trait in found] == ["pet", "feeding"]


def test_prerequisites_of_prerequisites_come_before_them() -> None:
    tree = tree_of(
        attribute("c", requires={"b": ["x"]}),
        attribute("b", requires={"a": ["x"]}),
        attribute("a"),
        attribute("d"),
    )
    assert [t.attribute for t in walk(tree, ["d", "c", "b", "a"], (4, 0, 0))] == ["d", "a", "b", "c"]


def test_a_dependent_is_passed_over_when_the_value_does_not_permit_it() -> None:
    tree = tree_of(
        attribute("feeding", requires={"pet": ["dog"]}), attribute("pet", "none", "dog"), attribute("z")
    )
    found = walk(tree, ["feeding", "z", "pet"], (2, 0, 0))
    assert values_of(found) == {"pet": "none", "z": "x"}


def test_a_dependent_waits_while_the_stratum_of_its_prerequisite_has_no_room() -> None:
    tree = tree_of(
        attribute("feeding", requires={"pet": ["x"]}), attribute("pet"), attribute("y"), attribute("z")
    )
    strata = {"pet": 1, "y": 1}
    found = walk(tree, ["y", "feeding", "z", "pet"], (1, 1, 0), strata=strata)
    assert [trait.attribute for trait in found] == ["y", "z"]


def test_where_all_that_waits_lacks_room_for_its_prerequisite_the_other_strata_give() -> None:
    tree = tree_of(
        attribute("feeding", requires={"pet": ["x"]}), attribute("pet"), attribute("y"), attribute("z")
    )
    strata = {"pet": 1, "y": 1, "z": 1}
    found = walk(tree, ["y", "feeding", "z", "pet"], (2, 1, 0), strata=strata)
    assert [trait.attribute for trait in found] == ["y", "pet", "feeding"]
    found = walk(tree, ["y", "z", "feeding", "pet"], (2, 1, 0), strata=strata)
    assert [trait.attribute for trait in found] == ["y", "z", "pet"]


def test_attributes_that_require_each_other_are_never_filled() -> None:
    tree = tree_of(
        attribute("a", requires={"b": ["x"]}), attribute("b", requires={"a": ["x"]}), attribute("z")
    )
    assert [trait.attribute for trait in walk(tree, ["a", "b", "z"], (1, 0, 0))] == ["z"]
    with pytest.raises(DepthError):
        walk(tree, ["a", "b", "z"], (2, 0, 0))


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_values_that_exclude_each_other_are_never_together_whichever_comes_first(order: list[str]) -> None:
    tree = tree_of(excluding(attribute("a"), "x", Exclusion("b", value="b=x")), attribute("b"))
    found = values_of(walk(tree, order, (2, 0, 0)))
    assert found == {order[0]: "x", order[1]: "y"}


def test_an_excluded_attribute_is_not_filled_and_excludes_back() -> None:
    tree = tree_of(excluding(attribute("a"), "x", Exclusion("b")), attribute("b"), attribute("c"))
    assert values_of(walk(tree, ["a", "b", "c"], (2, 0, 0))) == {"a": "x", "c": "x"}
    assert values_of(walk(tree, ["b", "a", "c"], (2, 0, 0))) == {"b": "x", "a": "y"}


def test_bounds_hold_for_a_number_whichever_comes_first() -> None:
    tree = tree_of(excluding(attribute("a"), "x", Exclusion("n", minimum=5)), number("n", 0, 10))
    later = values_of(walk(tree, ["a", "n"], (2, 0, 0)))
    assert later["a"] == "x"
    assert isinstance(later["n"], int)
    assert later["n"] < 5
    assert values_of(walk(tree, ["n", "a"], (2, 0, 0))) == {"n": 5, "a": "y"}


def test_a_bare_name_is_passed_over() -> None:
    tree = tree_of(Attribute(id="bare", path=("Root", "bare")), attribute("z"))
    assert [trait.attribute for trait in walk(tree, ["bare", "z"], (1, 0, 0))] == ["z"]


def test_the_error_says_how_many_can_be_filled() -> None:
    tree = tree_of(*(attribute(f"a{number}") for number in range(4)))
    with pytest.raises(
        DepthError, match=r"only 4 attributes can be filled .*, 9 were asked for; lower --depth"
    ):
        walk(tree, sorted(one.id for one in tree.leaves()), (5, 3, 1))


def test_given_attributes_come_first_to_the_letter_and_count() -> None:
    tree = tree_of(*(attribute(f"a{number}") for number in range(6)))
    found = walk(tree, [f"a{n}" for n in range(6)], (2, 1, 0), strata={"a5": 1}, given=anchored(tree, "a5=Y"))
    assert [(t.attribute, t.value, t.source) for t in found] == [
        ("a5", "y", "given"), ("a0", "x", "bank"), ("a1", "x", "bank")
    ]  # fmt: skip
    assert Counter(trait.stratum for trait in found) == {"near": 2, "middle": 1}


def test_what_a_given_attribute_requires_is_filled_with_a_value_that_satisfies_it() -> None:
    tree = tree_of(attribute("feeding", requires={"pet": ["cat"]}), attribute("pet", "none", "dog", "cat"))
    found = walk(tree, ["feeding", "pet"], (2, 0, 0), given=anchored(tree, "feeding=x"))
    assert values_of(found) == {"feeding": "x", "pet": "cat"}


def test_what_a_given_attribute_requires_is_not_filled_against_another_given_one() -> None:
    tree = tree_of(
        attribute("feeding", requires={"pet": ["cat"]}),
        attribute("pet", "cat"),
        excluding(attribute("allergy"), "x", Exclusion("pet")),
    )
    with pytest.raises(DepthError, match=r"leave no value for 'Root > pet'"):
        walk(tree, ["feeding", "pet", "allergy"], (3, 0, 0), given=anchored(tree, "feeding=x", "allergy=x"))


def test_given_attributes_and_what_they_require_must_fit_into_the_depth() -> None:
    tree = tree_of(attribute("feeding", requires={"pet": ["x"]}), attribute("pet"))
    with pytest.raises(DepthError, match="more than the depth of 1; raise --depth"):
        walk(tree, ["feeding", "pet"], (1, 0, 0), given=anchored(tree, "feeding=x"))
    with pytest.raises(AnchorError, match="2 attributes are given, more than the depth of 1"):
        anchored(tree, "feeding=x", "pet=x", depth=1)


def random_tree(chance: Random) -> Tree:
    """A tree of every kind of attribute with constraints strewn over it."""
    made: list[Attribute] = []
    for place in range(chance.randint(6, 26)):
        name, path = f"n{place:02}", (f"Root {place % 3}", f"n{place:02}")
        kind = chance.choice(["categorical", "ordinal", "list", "text", "number", "number", "categorical"])
        if kind == "number":
            low = chance.choice([0.0, 1.0, 2.5, -3.0])
            one = Attribute(
                id=name, path=path, value_type="number", minimum=low, maximum=low + chance.choice([0, 4, 20]),
                at_most=chance.choice([None, None, 15]),
            )  # fmt: skip
        else:
            values = tuple(
                Value(
                    f"{name}={rank}", f"{name} {rank}", rank, chance.choice([1, 5, 40]), chance.random() < 0.2
                )
                for rank in range(chance.randint(1, 5))
            )
            one = Attribute(id=name, path=path, value_type=kind, values=values)  # type: ignore[arg-type]
        made.append(one)
    return tree_of(*(constrained(one, made, chance) for one in made))


def constrained(one: Attribute, others: Sequence[Attribute], chance: Random) -> Attribute:
    requires = []
    for other in chance.sample(list(others), 2):
        if other is not one and other.values and chance.random() < 0.5:
            wanted = chance.sample(other.values, chance.randint(1, len(other.values)))
            requires.append(Requirement(other.id, frozenset(value.id for value in wanted)))
    values = []
    for value in one.values:
        excludes = []
        for other in chance.sample(list(others), 2):
            if other is one or chance.random() < 0.6:
                continue
            if other.values and chance.random() < 0.8:
                excludes.append(Exclusion(other.id, value=chance.choice(other.values).id))
            elif other.value_type == "number":
                excludes.append(
                    chance.choice((Exclusion(other.id, minimum=3.0), Exclusion(other.id, maximum=2.0)))
                )
            else:
                excludes.append(Exclusion(other.id))
        values.append(replace(value, excludes=tuple(excludes)))
    return replace(one, requires=tuple(requires), values=tuple(values))


def random_selection(tree: Tree, chance: Random) -> Selection:
    """All attributes with values, strata by thirds of a random order, arrivals random."""
    ranked = [one for one in tree.attributes if one.has_values]
    chance.shuffle(ranked)
    found = [
        Arrival(one, 3 * rank // len(ranked), 1 - rank / 100, chance.random())
        for rank, one in enumerate(ranked)
    ]
    return Selection(len(found), tuple(sorted(found, key=lambda a: (a.stratum, a.arrival))), ())


def random_races(tree: Tree, chance: Random) -> dict[str, Race]:
    found = {}
    for one in tree.attributes:
        if one.has_values:
            order = chance.sample(one.values, len(one.values))
            found[one.id] = Race(
                chance.random(), [v.rank for v in order], [v.weight * chance.uniform(0.5, 2) for v in order]
            )
    return found


def random_anchors(tree: Tree, chance: Random) -> tuple[Given, ...]:
    wanted = [one for one in tree.attributes if one.values]
    texts = [
        f"{one.name}={chance.choice(one.values).text}" for one in chance.sample(wanted, min(4, len(wanted)))
    ]
    numbers = [one for one in tree.attributes if one.value_type == "number"]
    texts += [f"{one.name}={one.minimum:g}" for one in numbers[:1] if chance.random() < 0.5]
    try:
        return anchored(tree, *texts)
    except AnchorError:
        return ()


def cut(whole: Selection, tree: Tree, reserve: int) -> Selection:
    """What the statement returns with a reserve: the first of each stratum, and what those require."""
    kept = [a for s in range(3) for a in [one for one in whole.reserves if one.stratum == s][:reserve]]
    wanted, open_ends = set[str](), [a.attribute for a in kept]
    while open_ends:
        for required in open_ends.pop().requires:
            if required.attribute not in wanted:
                wanted.add(required.attribute)
                open_ends.append(tree.by_id[required.attribute])
    later = [a for a in whole.reserves if a not in kept and a.attribute.id in wanted]
    return Selection(whole.applicable, tuple(kept), tuple(later))


def outcome(
    tree: Tree,
    selection: Selection,
    race: Mapping[str, Race],
    room: Sequence[int],
    given: Sequence[Given],
    chunk: int = 1,
) -> tuple[Trait, ...] | str:
    constraints = Constraints(tree)
    try:
        return filled(Walk(constraints, selection, list(room), Filled(constraints)), race, given, chunk)
    except DepthError as error:
        return str(error)


def persona(traits: tuple[Trait, ...]) -> Persona:
    inner = InnerCore("neutral", "v", "a", "d", "c", ("s",), ("i",))
    return Persona("id", "p", 0, 1, len(traits), "t", 1, SOMEBODY, inner, (), traits, "n")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    depth=st.integers(1, 30),
    with_anchors=st.booleans(),
    chunk=st.sampled_from([1, 3, 16]),
)
def test_every_walk_gives_exactly_the_depth_without_a_violation_or_says_why_not(
    seed: int, depth: int, with_anchors: bool, chunk: int
) -> None:
    chance = Random(seed)
    tree = random_tree(chance)
    given = random_anchors(tree, chance) if with_anchors else ()
    selection, race = random_selection(tree, chance), random_races(tree, chance)
    found = outcome(tree, selection, race, quotas(depth, (5, 3, 2)), given, chunk)
    if isinstance(found, str):
        assert str(depth) in found or "anchor" in found
        return
    assert len(found) == depth
    assert len({trait.attribute for trait in found}) == depth
    assert violations(persona(found), tree) == []
    order = {trait.attribute: trait.order or 0 for trait in found if trait.source == "bank"}
    for trait in found:
        for required in tree.by_id[trait.attribute].requires:
            if trait.source == "bank" and required.attribute in order:
                assert order[required.attribute] < (trait.order or 0)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), depth=st.integers(1, 20), reserve=st.integers(0, 4), anchors=st.booleans())
def test_the_size_of_the_reserve_does_not_change_who_is_selected(
    seed: int, depth: int, reserve: int, anchors: bool
) -> None:
    chance = Random(seed)
    tree = random_tree(chance)
    selection, race = random_selection(tree, chance), random_races(tree, chance)
    given = random_anchors(tree, chance) if anchors else ()
    first = {one.attribute.id for one in given}
    # Given attributes arrive at 0, as in the statement.
    selection = Selection(
        selection.applicable,
        tuple(
            sorted(
                (replace(a, arrival=0.0) if a.attribute.id in first else a for a in selection.reserves),
                key=lambda a: (a.stratum, a.arrival, a.attribute.id),
            )
        ),
        (),
    )
    room = quotas(depth, (5, 3, 2))
    whole = outcome(tree, selection, race, room, given)
    size = max(reserve, len(given))
    constraints = Constraints(tree)
    piecemeal: tuple[Trait, ...] | str
    try:
        one = Walk(constraints, cut(selection, tree, size), list(room), Filled(constraints))
        one.begin(given)
        while True:
            try:
                gaps = one.next()
            except ReserveSpentError:
                size = 2 * size + 1
                one.extend(cut(selection, tree, size))
                continue
            if not gaps:
                break
            fill_gap(one, gaps[0], race, AGE)
        piecemeal = tuple(one.traits)
    except DepthError as error:
        piecemeal = str(error)
    assert piecemeal == whole
