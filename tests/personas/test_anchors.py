"""What the user gives: kept to the letter, decisive for the situation, refused where it cannot hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import AnchorError, DepthError, InputError, UnknownNameError
from deeppersona_graph.model.persona import Persona, Trait
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchors import resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.violations import violations

pytestmark = pytest.mark.live

Rows = list[dict[str, Any]]
Making = Callable[..., list[Persona]]
LEFT_BEHIND = """
OPTIONAL MATCH (p:Population {name: $population}) OPTIONAL MATCH (r:Run {population: $population})
RETURN count(p) AS populations, count(r) AS runs
"""


@pytest.fixture
def made(api: DeepPersona, small: Tree, population: str) -> Making:
    """People from the small tree, two of depth 12 unless said otherwise."""

    def make(*anchors: str, count: int = 2, **wanted: Any) -> list[Persona]:
        wanted = {"taxonomy": small.name, "depth": 12, "seed": 5, **wanted}
        found = list(api.generate(count, population=population, anchors=anchors, **wanted))
        assert [one for person in found for one in violations(person, small)] == []
        assert {len(person.traits) for person in found} == {wanted["depth"]}
        return found

    return make


@pytest.fixture
def refused(
    api: DeepPersona, small: Tree, population: str, cypher: Callable[..., Rows]
) -> Callable[..., str]:
    """The one line with which anchors are refused; nothing may be left of the attempt."""

    def refuse(kind: type[InputError], *anchors: str, **wanted: Any) -> str:
        wanted = {"taxonomy": small.name, "depth": 12, "seed": 5, **wanted}
        with pytest.raises(kind) as caught:
            list(api.generate(2, population=population, anchors=anchors, **wanted))
        assert "\n" not in str(caught.value)
        assert cypher(LEFT_BEHIND, population=population) == [{"populations": 0, "runs": 0}]
        return str(caught.value)

    return refuse


def trait(person: Persona, *path: str) -> Trait:
    return next(one for one in (*person.core, *person.traits) if one.path == path)


def test_the_situation_is_kept_to_the_letter(made: Making) -> None:
    given = ("occupation=lion tamer, semi-retired", "city=Regina", "name=Zoë O'Brien-Ñandú", "age=57")
    for person in made(*given, "employment=Self-Employed", country="canada", gender="woman"):
        own = person.situation
        assert (own.occupation, own.city, own.name) == (
            "lion tamer, semi-retired",
            "Regina",
            "Zoë O'Brien-Ñandú",
        )
        assert (own.age, own.employment, own.country, own.sex) == (57, "self-employed", "CA", "female")
        sources = {one.path[-1]: one.source for one in person.core}
        told = {name for name, source in sources.items() if source == "given"}
        assert told == {"Occupation", "City", "Name", "Age", "Employment State", "Country", "Gender"}


def test_the_inner_core_is_kept_to_the_letter(made: Making) -> None:
    given = {
        "values": ["Honest work, and {no} fuss"],
        "attitude": ["Wait & see"],
        "story": ["Lost the farm in 1998.", "Built a boat = sailed it."],
        "interests": ["kite making", "brass bands"],
    }
    for person in made(*(f"{key}={text}" for key, texts in given.items() for text in texts)):
        inner = person.inner
        assert (inner.values, inner.attitude) == ("Honest work, and {no} fuss", "Wait & see")
        assert inner.orientation == "given"
        assert inner.stories == tuple(given["story"])
        assert inner.interests == tuple(given["interests"])
        told = {one.path[-1] for one in person.core if one.source == "given"}
        assert len(told) == 4
        assert "Honest work, and {no} fuss" in person.narrative


def test_every_kind_of_value_is_kept_to_the_letter(made: Making) -> None:
    given = (
        "Pet=CAT", "Feeding=whatever the neighbours leave", "Work > Sleep=7.5", "Night Pay=3.25",
        "Feared=mice", "Feared=Spiders", "Art > Song=often", '["Home", "Kitchen"]=blue tiles',
    )  # fmt: skip
    for person in made(*given):
        assert trait(person, "Animals", "Keeping", "Pet").value == "cat"
        assert trait(person, "Animals", "Keeping", "Feeding").value == "whatever the neighbours leave"
        assert trait(person, "Work", "Sleep").value == 7.5
        assert trait(person, "Work", "Night Pay").value == 3.25
        assert trait(person, "Animals", "Feared").value == ("spiders", "mice")
        assert trait(person, "Art", "Song").value == "often"
        assert trait(person, "Home", "Kitchen").value == "blue tiles"
        assert trait(person, "Home", "Kitchen").stratum is None
        given_traits = [one for one in person.traits if one.source == "given"]
        assert [one.order for one in given_traits] == list(range(1, 8))


def test_a_given_attribute_of_an_excluded_branch_is_kept(made: Making) -> None:
    for person in made("Art > Song=never", bias={"Art": 0}):
        assert [one.path for one in person.traits if one.path[0] == "Art"] == [("Art", "Song")]


def test_given_attributes_decide_the_situation(made: Making) -> None:
    for person in made("Work > Rest=bench", count=4):
        assert person.situation.employment == "retired"


@pytest.mark.parametrize(
    ("anchor", "holds"),
    [
        ("Home > Snow=plough", lambda own: own.country in ("CA", "FI")),
        ("Home > Toys=often", lambda own: own.parenthood == "children at home"),
        ("Pension=often", lambda own: own.age >= 60),
        ("First Flat=often", lambda own: own.age <= 40),
        ("Years=50", lambda own: own.age >= 65),
    ],
)
def test_a_given_attribute_is_given_to_people_it_can_be_true_of(
    made: Making, anchor: str, holds: Callable[[Any], bool]
) -> None:
    assert [holds(person.situation) for person in made(anchor, count=5)] == [True] * 5


def test_what_a_given_attribute_requires_decides_the_situation_too(
    api: DeepPersona, human: Tree, population: str
) -> None:
    """Each value of the prerequisite needs something of the situation, the given attribute nothing."""
    made = list(
        api.generate(
            6, population=population, depth=10, seed=4,
            anchors=["Costliest Mistake=Felled the wrong tree, a protected one"],
        )
    )  # fmt: skip
    for person in made:
        assert violations(person, human) == []
        assert {"Costliest Mistake", "Paid Experience"} <= {one.path[-1] for one in person.traits}


def test_a_prerequisite_of_a_given_attribute_is_filled_and_suits_it(made: Making) -> None:
    for person in made("Walks=2", count=4):
        assert trait(person, "Animals", "Keeping", "Pet").value == "dog"


def test_a_given_value_rules_out_what_it_excludes(made: Making) -> None:
    for person in made("Work > Nights=often", depth=30, count=4):
        assert [one.value < 7 for one in person.traits if one.path == ("Work", "Sleep")] in ([], [True])  # type: ignore[operator]


@pytest.mark.parametrize(
    ("anchors", "wanted", "says"),
    [
        (["Pet=dog", "Feared=dogs"], {}, "contradict each other: "),
        (["Pet=none", "Feeding=tins"], {}, "contradict each other: "),
        (["Nights=often", "Sleep=7"], {}, "contradict each other: "),
        (["Nights=never", "Night Pay=2"], {}, "contradict each other: "),
        (["Pet=dog", "Pet=cat"], {}, "given as 'dog' and as 'cat'; leave one out"),
        (["Feared=none", "Feared=mice"], {}, "'none' stands alone"),
        (["Feared=dogs", "Feared=mice", "Feared=spiders", "Feared=none"], {}, "at most 3 are possible"),
        (["Rest=bench", "Ladder=often"], {}, "needs employment to be 'employed'"),
        (["Rest=bench", "employment=student"], {}, "needs employment to be 'retired'"),
        (["Pension=often", "First Flat=often"], {}, "needs an age from"),
        (["Pension=often"], {"age": 30}, "needs an age from 60"),
        (["Years=40"], {"age": (16, 50)}, "needs an age from 55"),
        (["Snow=plough"], {"country": "Kenya"}, "needs country to be 'CA' or 'FI'"),
        (["country=Kenya"], {"country": "Canada"}, "country"),
        (["gender=male"], {"gender": "female"}, "sex"),
        (["age=40:45"], {"age": (20, 30)}, "age"),
        (["age=12"], {}, "age"),
        (["values=a", "values=b"], {}, "values is given 2 times; give it once"),
        (["city=Paris", "city=Rome"], {}, "city is given twice"),
        (["city=Paris"], {"country": "Kenya"}, "Paris"),
    ],
)  # fmt: skip
def test_anchors_that_contradict_each_other_are_refused(
    refused: Callable[..., str], anchors: list[str], wanted: dict[str, Any], says: str
) -> None:
    assert says in refused(InputError, *anchors, **wanted)


@pytest.mark.parametrize(
    ("anchor", "says"),
    [
        ("Pet=dogg", "'dogg' is no value of 'Animals > Keeping > Pet'; expected one of "),
        ("Feared=snakes", "'snakes' is no value of"),
        ("employment=astronaut", "'astronaut' is no value of"),
        ("gender=unknown", "'unknown' is no value of"),
        ("Sleep=2", "is given as 2; expected hours from 3 to 12"),
        ("Sleep=lots", "is a number, 'lots' is none"),
        ("Sleep=nan", "is a number, 'nan' is none"),
        ("Years=nan", "is a number, 'nan' is none"),
        ("Sleep=inf", "is a number, 'inf' is none"),
    ],
)
def test_values_outside_a_closed_space_are_refused(
    refused: Callable[..., str], anchor: str, says: str
) -> None:
    assert says in refused(AnchorError, anchor)


@pytest.mark.parametrize(
    ("anchor", "says"),
    [
        ("Pett=dog", "no attribute is called 'Pett'; nearest: 'Pet'"),
        ("country=Cananda", "Canada"),
        ("city=Regin", "Regina"),
        ("=dog", "no attribute is called ''"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(refused: Callable[..., str], anchor: str, says: str) -> None:
    assert says in refused(UnknownNameError, anchor)


def test_a_name_that_several_attributes_bear_lists_their_paths(refused: Callable[..., str]) -> None:
    told = refused(InputError, "Light=often")
    assert "'Home > Kitchen > Light'" in told
    assert "'Home > Cellar > Light'" in told
    assert "is the name of 4 attributes" in told


@pytest.mark.parametrize("anchor", ["Pet", "Pet=", "Pet=   ", ""])
def test_an_anchor_without_a_value_is_refused(refused: Callable[..., str], anchor: str) -> None:
    assert "Attribute=value" in refused(InputError, anchor)


def test_more_given_than_the_depth_is_refused(refused: Callable[..., str]) -> None:
    rooms = [
        f"{json.dumps(['Home', room, 'Light'])}=often" for room in ("Kitchen", "Cellar", "Loft", "Porch")
    ]
    told = refused(AnchorError, *rooms, depth=3)
    assert told == "4 attributes are given, more than the depth of 3; raise --depth, or give fewer"
    assert "more than the depth of 1" in refused(DepthError, "Walks=1", depth=1)


def test_two_hundred_and_fifty_anchors_for_a_depth_of_two_hundred_are_refused(human: Tree) -> None:
    plain = [
        a for a in human.attributes
        if a.value_type == "text" and a.core is None and a.values and not a.requires
    ]  # fmt: skip
    anchors = tuple(f"{json.dumps(a.path)}={a.values[0].text}" for a in plain[:250])
    with pytest.raises(AnchorError, match="250 attributes are given, more than the depth of 200"):
        resolve_anchors(Specification(anchors=anchors), human, Constraints(human))


@pytest.mark.parametrize("path", [("Art", "Song"), ("Art",)])
def test_an_anchor_on_what_is_retired_is_refused(
    small: Tree, cypher: Callable[..., Rows], refused: Callable[..., str], path: tuple[str, ...]
) -> None:
    cypher("MATCH (a:Attribute {taxonomy: $t, path: $p}) SET a.retired = true", t=small.name, p=list(path))
    assert f"{' > '.join(path)!r} is retired" in refused(AnchorError, "Art > Song=often")


def test_a_depth_beyond_what_applies_says_how_many_there_are(refused: Callable[..., str]) -> None:
    told = refused(DepthError, depth=200)
    assert "a depth of 200 was asked for, but only" in told
    numbers = [int(word) for word in told.replace(";", " ").split() if word.isdigit()]
    assert 20 < numbers[1] < 46


def test_a_biography_needs_facts_beside_it_or_leave_to_go_unread(
    made: Making, refused: Callable[..., str]
) -> None:
    bio = "A <b>fisher</b> from {the} north, 60, [bold]tired[/bold]."
    told = refused(InputError, bio=bio)
    assert "country, age, sex, employment must be given beside it" in told
    told = refused(InputError, "employment=retired", bio=bio, country="Norway", age=(40, 70))
    assert "so age, sex must be given" in told
    assert "the biography is empty" in refused(InputError, bio="  ")
    (person,) = made("employment=retired", bio=bio, country="Norway", age=(60, 70), gender="m", count=1)
    assert person.biography == bio


def test_a_biography_may_go_unread(made: Making) -> None:
    people = made(bio="Somebody who loves the sea.", biography_unread=True)
    assert {person.biography for person in people} == {"Somebody who loves the sea."}


def test_a_biography_guides_what_is_near(api: DeepPersona, small: Tree) -> None:
    near = []
    for place, bio in enumerate(("Dogs, cats and other pets.", "A painter, singer and dancer.")):
        made = api.generate(
            1, population=f"{small.name}-{place}", seed=9, taxonomy=small.name, depth=25, bio=bio,
            biography_unread=True,
        )  # fmt: skip
        near.append({one.path for person in made for one in person.traits if one.stratum == "near"})
        api.delete(population=f"{small.name}-{place}")
    assert near[0] != near[1]
