"""What a language model may spell a value like, and what it is told where it spells none."""

from __future__ import annotations

import pytest

from deeppersona_graph.model.persona import TraitValue
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Attribute, Exclusion, Tree, Value, ValueType
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.fill import Arrival, Gap
from deeppersona_graph.personas.spaces import MisfitError, Space, read_value, shown_space, space_of

SOMEBODY = Situation(
    country="CA", country_name="Canada", age=40, sex="female", city="Regina", settlement="city",
    education="secondary", employment="employed", occupation="baker", partnership="single",
    parenthood="no children", household="alone", income="middle", faith="none", name="Ann Example",
)  # fmt: skip


def valued(kind: ValueType, *texts: str, alone: str = "") -> Attribute:
    values = (
        Value(f"a={text}", text, rank, 1.0, alone=text == alone, max_age=30 if text == "young" else None)
        for rank, text in enumerate(texts)
    )
    return Attribute(id="a", path=("Root", "A"), value_type=kind, values=tuple(values))


def number(low: float, high: float, **more: int) -> Attribute:
    return Attribute(id="a", path=("Root", "A"), value_type="number", minimum=low, maximum=high, **more)  # type: ignore[arg-type]


def space(attribute: Attribute, *only: str, filled: Filled | None = None) -> Space:
    gap = Gap(Arrival(attribute, 0, 0.0, 0.0), frozenset(f"a={text}" for text in only) if only else None)
    return space_of(gap, filled or nothing(attribute), SOMEBODY)


def nothing(*attributes: Attribute) -> Filled:
    return Filled(Constraints(Tree("test", attributes)))


def spelled(attribute: Attribute, *texts: str, only: tuple[str, ...] = ()) -> TraitValue:
    return read_value(space(attribute, *only), texts, nothing(attribute), SOMEBODY)[1]


PETS = valued("list", "none", "dog", "cat", "newt", "hen; or cock", alone="none")
WORDS = valued("text", "tins", "young")


@pytest.mark.parametrize(
    ("attribute", "texts", "value"),
    [
        (valued("ordinal", "never", "at times"), [" AT  times "], "at times"),
        (valued("ordinal", "never", "at times"), ['- "never"'], "never"),
        (valued("ordinal", "never", "at times"), ["never", "Never"], "never"),
        (PETS, ["cat", "dog"], ("dog", "cat")),
        (PETS, ["cat; dog"], ("dog", "cat")),
        (PETS, ["hen; or cock"], ("hen; or cock",)),
        (number(0, 10), ["7"], 7),
        (number(0, 10), ["about 7 hours"], 7),
        (number(0, 10), ["٣"], 3),
        (number(-5, 5), ["-3"], -3),
        (number(0, 50_000), ["12,500"], 12_500),
        (number(0, 2_000_000), ["1,250,000"], 1_250_000),
        (number(0.5, 9.5), ["2,5"], 2.5),
        (number(0.5, 9.5), ["2.50"], 2.5),
        (WORDS, ["  a tin\nof  soup "], "a tin of soup"),
        (WORDS, ["TINS"], "tins"),
        (WORDS, ["one", "two"], "one; two"),
        (WORDS, ["🫖"], "🫖"),
        (WORDS, ['"Nimm Zwei" sweets'], '"Nimm Zwei" sweets'),
        (WORDS, ["“A phrase”"], "A phrase"),
        (valued("categorical", "…", "?"), ["?"], "?"),
    ],
)
def test_a_value_may_be_spelled_in_many_ways(
    attribute: Attribute, texts: list[str], value: TraitValue
) -> None:
    found = spelled(attribute, *texts)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("attribute", "texts", "says"),
    [
        (PETS, [], "no value was given"),
        (PETS, ["  ", "\u3000"], "no value was given"),
        (PETS, ["wolf"], "'wolf' is no value of"),
        (PETS, ["none", "dog"], "stands alone"),
        (PETS, ["dog", "cat", "newt", "hen; or cock"], "at most 3"),
        (valued("categorical", "x", "y"), ["x", "y"], "given as 'x' and as 'y'"),
        (valued("categorical", "x", "young"), ["young"], "does not fit this person"),
        (WORDS, ["young"], "does not fit this person"),
        (WORDS, ["word " * 60], "160 characters at most"),
        (WORDS, ["\u200b\u202e"], "says nothing"),
        (WORDS, ["…", "?"], "says nothing"),
        (number(0, 10), ["many"], "'many' is not one number"),
        (number(0, 10), ["3 to 5"], "'3 to 5' is not one number"),
        (number(0, 10), ["3-5"], "is not one number"),
        (number(0, 10), ["3", "5"], "is not one number"),
        (number(0, 10), ["1e9"], "is not one number"),
        (number(0, 10), ["1.2.3"], "is not one number"),
        (number(0, 10), ["NaN"], "is not one number"),
        (number(0, 10), ["9" * 400], "is not from 0 to 10"),
        (number(0, 10), ["11"], "11 is not from 0 to 10"),
        (number(0, 10), ["3.5"], "3.5 is not whole"),
        (number(0, 2_000_000), ["2000001"], "2000001 is not from 0 to 2000000"),
        (number(0, 80, at_most=30), ["11"], "11 is not from 0 to 10"),
    ],
)
def test_what_is_no_value_is_told_with_the_reason(attribute: Attribute, texts: list[str], says: str) -> None:
    with pytest.raises(MisfitError, match=says.replace("?", r"\?")):
        spelled(attribute, *texts)


def test_of_own_words_only_those_are_offered_and_taken_that_a_given_anchor_requires() -> None:
    wanted = space(WORDS, "tins")
    assert shown_space(wanted, ["tins"]) == "one of: tins"
    assert shown_space(space(WORDS), []) == "own words"
    assert spelled(WORDS, "Tins", only=("tins",)) == "tins"
    with pytest.raises(MisfitError, match="no value of"):
        spelled(WORDS, "a tin of soup", only=("tins",))
    assert space(WORDS, "young").empty


def test_a_number_obeys_what_a_value_of_the_same_answer_rules_out() -> None:
    """The bounds that were shown are those before the answer."""
    hours = number(3, 12)
    nights = Attribute(
        id="b",
        path=("Root", "B"),
        value_type="ordinal",
        values=(Value("b=often", "often", 0, 1.0, excludes=(Exclusion("a", minimum=7),)),),
    )
    filled = nothing(hours, nights)
    shown = space(hours, filled=filled)
    assert shown_space(shown, []) == "number from 3 to 12"
    filled.add(nights, nights.values)
    with pytest.raises(MisfitError, match="9 is not from 3 to 6"):
        read_value(shown, ["9"], filled, SOMEBODY)
    assert read_value(shown, ["6"], filled, SOMEBODY)[1] == 6


def test_bounds_are_shown_in_digits() -> None:
    assert shown_space(space(number(0, 1_500_000)), []) == "number from 0 to 1500000"
    assert shown_space(space(number(0.25, 9.5)), []) == "number from 0.25 to 9.5"
