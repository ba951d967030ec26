"""Whom an expression finds is whom reading it by hand finds, whatever names and values hold."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from insight_crowd import FIRST, SECOND, Crowd, values

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.insight.expression import DEEPEST, below
from deeppersona_graph.insight.having import LIKE
from deeppersona_graph.model.persona import Persona, TraitValue, value_texts
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown
from deeppersona_graph.taxonomy.embed import tilted_values, value_text

pytestmark = pytest.mark.live

Test = Callable[[Mapping[str, TraitValue]], bool]
"""Whether somebody with these values, by attribute, is meant."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def keys(value: TraitValue) -> set[str]:
    return {normal(text) for text in value_texts(value)}


def has(tree: Tree, attribute: Attribute) -> Test:
    ids = {one.id for one in below(tree, attribute)}
    return lambda had: bool(ids & had.keys())


def equals(attribute: Attribute, text: str) -> Test:
    return lambda had: attribute.id in had and normal(text) in keys(had[attribute.id])


def differs(attribute: Attribute, text: str) -> Test:
    return lambda had: attribute.id in had and normal(text) not in keys(had[attribute.id])


def compares(attribute: Attribute, sign: str, number: float) -> Test:
    return lambda had: attribute.id in had and COMPARISONS[sign](had[attribute.id], number)


def ranks(attribute: Attribute, sign: str, text: str) -> Test:
    order = [one.text for one in attribute.values]
    return lambda had: (
        attribute.id in had and COMPARISONS[sign](order.index(str(had[attribute.id])), order.index(text))
    )


def meant(people: Iterable[Persona], test: Test) -> list[str]:
    return [one.id for one in people if test(values(one))]


def found(api: DeepPersona, crowd: Crowd, *texts: str, **wanted: Any) -> list[str]:
    answer = api.having(texts, taxonomy=crowd.tree.name, limit=1000, **wanted)
    assert answer.count == len(answer.people)
    return [one.id for one in answer.people]


def at(crowd: Crowd, *path: str) -> Attribute:
    return crowd.tree.by_path[path]


def test_terms_joined_by_arguments_must_all_hold(api: DeepPersona, crowd: Crowd) -> None:
    age, diet, music = crowd.tree.core["age"], at(crowd, "Food", "Diet"), at(crowd, "Music")
    expected = meant(
        crowd.people[SECOND],
        lambda had: (
            equals(diet, "vegan")(had) and compares(age, ">", 40)(had) and has(crowd.tree, music)(had)
        ),
    )
    assert found(api, crowd, "Diet=vegan", "Age>40", "Music", population=SECOND) == expected
    assert 0 < len(expected) < len(crowd.people[SECOND])


def test_all_populations_of_a_taxonomy_are_asked_unless_one_is_named(api: DeepPersona, crowd: Crowd) -> None:
    age = crowd.tree.core["age"]
    assert found(api, crowd, "Age >= 30") == meant(crowd.everybody, compares(age, ">=", 30))
    assert found(api, crowd, "not Age >= 30") == meant(
        crowd.everybody, lambda had: not compares(age, ">=", 30)(had)
    )


@pytest.mark.parametrize(
    ("text", "path", "test"),
    [
        ("Salt and Pepper", ("Food", "Salt and Pepper"), None),
        ("salt AND pepper", ("Food", "Salt and Pepper"), None),
        ("a = b", ("Odd", "a = b"), None),
        ("a = b=often", ("Odd", "a = b"), "often"),
        ("(in brackets)", ("Odd", "(in brackets)"), None),
        ("not here", ("Odd", "not here"), None),
        ("Deep > Down", ("Odd", "Deep > Down"), None),
        ("Odd > Deep > Down = never", ("Odd", "Deep > Down"), "never"),
        ("Deep > Well", ("Odd", "Deep", "Well"), None),
        ("Say \"hi\" or 'ho' = often", ("Odd", "Say \"hi\" or 'ho'"), "often"),
        ('"Say ""hi"" or \'ho\'" = often', ("Odd", "Say \"hi\" or 'ho'"), "often"),
        ("'Say \"hi\" or ''ho''' = 'often'", ("Odd", "Say \"hi\" or 'ho'"), "often"),
        ('["Odd", "a = b"] = "often"', ("Odd", "a = b"), "often"),
        ("ÜNÏCODE ☂=Always", ("Odd", "ünïcode ☂"), "always"),
        ("Diet=black and white", ("Food", "Diet"), "black and white"),
        ("Diet = x or y", ("Food", "Diet"), "x or y"),
        ("(Diet = not (much))", ("Food", "Diet"), "not (much)"),
        ("Diet='PLAIN'", ("Food", "Diet"), "plain"),
        ("Spices = dill", ("Food", "Spices"), "dill"),
    ],
)
def test_names_and_values_are_data_whatever_they_hold(
    api: DeepPersona, crowd: Crowd, text: str, path: tuple[str, ...], test: str | None
) -> None:
    attribute = at(crowd, *path)
    holds = has(crowd.tree, attribute) if test is None else equals(attribute, test)
    assert found(api, crowd, text) == meant(crowd.everybody, holds)


def test_quotes_part_a_name_from_a_longer_one(api: DeepPersona, crowd: Crowd) -> None:
    salt, taste = at(crowd, "Food", "Salt"), at(crowd, "Music", "Taste")
    expected = meant(crowd.everybody, lambda had: has(crowd.tree, salt)(had) and has(crowd.tree, taste)(had))
    assert found(api, crowd, '"Salt" and "Music > Taste"') == expected


def test_a_value_of_a_branch_may_be_of_anything_below_it(api: DeepPersona, crowd: Crowd) -> None:
    rooms = [at(crowd, "Home", room, "Mess") for room in ("Loft", "Porch", "Cellar", "Shed")]
    expected = meant(crowd.everybody, lambda had: any(equals(one, "often")(had) for one in rooms))
    assert found(api, crowd, "Home = often") == expected


def test_a_core_attribute_is_asked_as_any_other(api: DeepPersona, crowd: Crowd) -> None:
    first = crowd.everybody[0].situation
    for text, test in (
        (f'City = "{first.city}"', lambda s: s.city == first.city),
        (f'Country="{first.country_name}"', lambda s: s.country == first.country),
        (f"Age = {first.age}", lambda s: s.age == first.age),
        (f"Gender != {first.sex}", lambda s: s.sex != first.sex),
    ):
        assert found(api, crowd, text) == [one.id for one in crowd.everybody if test(one.situation)]


def test_the_most_and_least_binding_come_in_order(api: DeepPersona, crowd: Crowd) -> None:
    diet, age, cups = at(crowd, "Food", "Diet"), crowd.tree.core["age"], at(crowd, "Food", "Cups")
    one, two, three = equals(diet, "vegan"), compares(age, "<", 50), has(crowd.tree, cups)
    assert found(api, crowd, "Diet=vegan or Age<50 and not Cups") == meant(
        crowd.everybody, lambda had: one(had) or (two(had) and not three(had))
    )
    assert found(api, crowd, "(Diet=vegan or Age<50) and not Cups") == meant(
        crowd.everybody, lambda had: (one(had) or two(had)) and not three(had)
    )
    assert found(api, crowd, "not not (NOT Diet=vegan)") == meant(crowd.everybody, lambda had: not one(had))


def test_the_count_is_of_all_and_the_limit_of_those_told(api: DeepPersona, crowd: Crowd) -> None:
    answer = api.having(["not Age > 200"], population=FIRST, limit=7)
    assert answer.count == len(crowd.people[FIRST])
    assert [one.index for one in answer.people] == list(range(7))
    assert answer.taxonomy == crowd.tree.name


@pytest.fixture
def agreed(api: DeepPersona, crowd: Crowd) -> Callable[[st.DataObject], bool]:
    """Whether who is found is meant; a function, since hypothesis prints objects with all that is in them."""

    def agree(choices: st.DataObject) -> bool:
        text, test = choices.draw(expressions(crowd.tree))
        return found(api, crowd, text) == meant(crowd.everybody, test)

    return agree


@given(choices=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_expression_finds_whom_reading_it_finds(
    agreed: Callable[[st.DataObject], bool], choices: st.DataObject
) -> None:
    assert agreed(choices)


def quoted(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(['"' + text.replace('"', '""') + '"', "'" + text.replace("'", "''") + "'"])


def leaves(tree: Tree) -> st.SearchStrategy[tuple[str, Test]]:
    """Single terms; of the tree only numbers are drawn, since hypothesis prints what it draws from."""

    @st.composite
    def leaf(draw: st.DrawFn) -> tuple[str, Test]:
        attribute = tree.attributes[draw(st.integers(0, len(tree.attributes) - 1))]
        path = shown(attribute.path)
        several = [shown(one.path) for one in tree.attributes].count(path) > 1
        name = json.dumps(attribute.path, ensure_ascii=False) if several else draw(quoted(path))
        if draw(st.booleans()) and attribute.value_type == "number":
            sign = draw(st.sampled_from(sorted(COMPARISONS)))
            number = draw(st.sampled_from([0, 2, 2.5, 9, 18, 35, 50, -1, 1e3]))
            return f"{name}{sign}{number}", compares(attribute, sign, number)
        if draw(st.booleans()) and attribute.values:
            text = attribute.values[draw(st.integers(0, len(attribute.values) - 1))].text
            signs = sorted(COMPARISONS) if attribute.value_type == "ordinal" else ["=", "!="]
            sign = draw(st.sampled_from(signs))
            made = {"=": equals, "!=": differs}.get(sign)
            test = made(attribute, text) if made else ranks(attribute, sign, text)
            return f"{name} {sign} {draw(quoted(text))}", test
        return name, has(tree, attribute)

    return leaf()


def expressions(tree: Tree) -> st.SearchStrategy[tuple[str, Test]]:
    def negated(one: tuple[str, Test]) -> tuple[str, Test]:
        text, test = one
        return f"not ({text})", lambda had: not test(had)

    def joined(word: str) -> Callable[[tuple[tuple[str, Test], tuple[str, Test]]], tuple[str, Test]]:
        def join(both: tuple[tuple[str, Test], tuple[str, Test]]) -> tuple[str, Test]:
            (left, one), (right, other) = both
            if word == "and":
                return f"({left}) and ({right})", lambda had: one(had) and other(had)
            return f"({left}) or({right})", lambda had: one(had) or other(had)

        return join

    return st.recursive(
        leaves(tree),
        lambda inner: st.one_of(
            inner.map(negated),
            st.tuples(inner, inner).map(joined("and")),
            st.tuples(inner, inner).map(joined("or")),
        ),
        max_leaves=6,
    )


def near(api: DeepPersona, crowd: Crowd, text: str, like: float) -> Test:
    """Who has a trait near to a text: by the value's vector, else by the path's."""
    wanted = api.embedder.embed([text])[0]

    def alike(other: str) -> bool:
        return float(np.dot(api.embedder.embed([other])[0], wanted)) >= like

    def test(had: Mapping[str, TraitValue]) -> bool:
        for attribute, value in had.items():
            node = crowd.tree.by_id[attribute]
            vectored = {normal(one.text): one for one in tilted_values(node)}
            known = [vectored[key] for key in keys(value) if key in vectored]
            if any(alike(value_text(node, one)) for one in known):
                return True
            if not known and alike(shown(node.path)):
                return True
        return False

    return test


@pytest.mark.parametrize("like", [0.45, LIKE, 0.7])
def test_meaning_finds_who_has_a_trait_near_to_the_text(api: DeepPersona, crowd: Crowd, like: float) -> None:
    text = "plays the violin"
    expected = meant(crowd.everybody, near(api, crowd, text, like))
    assert found(api, crowd, f'~"{text}"', like=like) == expected
    assert found(api, crowd, f"not ~'{text}'", like=like) == [
        one.id for one in crowd.everybody if one.id not in expected
    ]


def test_meaning_tells_what_it_was_taken_for(api: DeepPersona, crowd: Crowd) -> None:
    answer = api.having(['~"plays the violin"'], taxonomy=crowd.tree.name)
    (meaning,) = answer.meanings
    assert meaning.text == "plays the violin"
    assert ("Music", "Playing", "Instrument Played") in {one.path for one in meaning.traits}
    assert meaning.traits[0].value == "violin"
    assert all(one.similarity >= LIKE for one in meaning.traits)


def test_meaning_within_an_attribute_stays_at_or_below_it(api: DeepPersona, crowd: Crowd) -> None:
    answer = api.having(['Food ~ "plays the violin" or Music ~ "violin"'], taxonomy=crowd.tree.name, like=0.3)
    food, music = answer.meanings
    assert {one.path[0] for one in music.traits} == {"Music"}
    assert {one.path[0] for one in food.traits} <= {"Food"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Age > 40 and", "at character 13: expected an attribute, found the end"),
        ("Age > 40 and )", "at character 14: expected an attribute, found '\\)'"),
        ("Age > 40 Diet", "at character 7: expected a number"),
        ("Diet Age", "at character 1: no attribute is called 'Diet Age'"),
        ("(Age > 40", "at character 10: expected '\\)', 'and' or 'or', found the end"),
        ("Age > 40)", "at character 9: expected 'and', 'or' or the end, found '\\)'"),
        ("Age >", "at character 6: expected a value, found the end"),
        ("Age > old", "at character 7: expected a number, .* found 'old'"),
        ("Age > nan", "at character 7: expected a number, .* found 'nan'"),
        ("Age = 'old'", "at character 7: expected a number, .* found \"'old'\""),
        ("not", "at character 4: expected an attribute, found the end"),
        ("> 40", "at character 1: expected an attribute, found '> 40'"),
        ("Age > 40 and or Music", "at character 14: expected an attribute, found 'or Music'"),
        ("~", "at character 2: expected what it is to mean, in quotes, found the end"),
        ("~ '  '", "expected what it is to mean, in quotes"),
        ('"Diet = vegan', "at character 1: the quote is not closed"),
        ("Diet > vegan", "at character 8: 'Food > Diet' is no number \\(categorical\\)"),
        ("Diet > 3", "'Food > Diet' is no number \\(categorical\\); compare it with = or !="),
        ("Music > 3", "'Music' is no number \\(a branch\\)"),
        ("Same = often", "at character 1: 'Same' is the name of 2 attributes: 'Food > Taste > Same'"),
        ("", "an expression is empty"),
        ("   ", "an expression is empty"),
        ("(" * (DEEPEST + 1) + "Music", "parentheses no more than 100 deep"),
        ("not " * (DEEPEST + 1) + "Music", "parentheses no more than 100 deep"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    api: DeepPersona, crowd: Crowd, text: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint) as raised:
        api.having([text], taxonomy=crowd.tree.name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Diett = vegan", "no attribute is called 'Diett'; nearest: 'Diet'"),
        ("Age > 40 and Musik", "at character 14: no attribute is called 'Musik'; nearest: 'Music'"),
        ("'Spicess'", "no attribute is called 'Spicess'; nearest: 'Spices'"),
        ("Diet = vegann", "no value of 'Food > Diet' is called 'vegann'; nearest: 'vegan'"),
        ("Diet != plane or Age > 4", "no value of 'Food > Diet' is called 'plane'; nearest: 'plain'"),
        ("Loud >= oftn", "no value of 'Music > Taste > Loud' is called 'oftn'; nearest: 'often'"),
        ("Home = oftn", "no value of 'Home' is called 'oftn'; nearest: 'often'"),
        ("Music > Taste > Lowd", "no attribute below 'Music > Taste' is called 'Lowd'; nearest: 'Loud'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(
    api: DeepPersona, crowd: Crowd, text: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        api.having([text], taxonomy=crowd.tree.name)


def test_no_expression_at_all_is_refused(api: DeepPersona, crowd: Crowd) -> None:
    with pytest.raises(InputError, match="there is no expression"):
        api.having([], taxonomy=crowd.tree.name)


def test_unknown_populations_and_taxonomies_are_told(api: DeepPersona, crowd: Crowd) -> None:
    with pytest.raises(UnknownNameError, match=f"no population is called .*nearest: .*{FIRST}"):
        api.having(["Music"], population=f"{FIRST}x")
    with pytest.raises(UnknownNameError, match=f"no taxonomy is called .*nearest: .*{crowd.tree.name}"):
        api.having(["Music"], taxonomy=f"{crowd.tree.name}x")


@pytest.mark.parametrize("like", [-0.1, 1.1, float("nan")])
def test_a_likeness_that_is_no_cosine_is_refused(api: DeepPersona, crowd: Crowd, like: float) -> None:
    with pytest.raises(InputError, match="expected a cosine from 0 to 1"):
        api.having(["Music"], taxonomy=crowd.tree.name, like=like)
