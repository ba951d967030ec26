"""After edits of the tree, exactly the values that have no ground any more are made again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from endpoint import Endpoint
from model_endpoint import schema_name

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.model.persona import Persona, Trait
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.narrate import sentence
from deeppersona_graph.personas.violations import violations
from deeppersona_graph.renewing.refresh import Refresh

pytestmark = pytest.mark.live

Cypher = Callable[..., list[dict[str, Any]]]
DEPTH = 20
FREE = {"Song", "Dance", "Paint", "Verse", "Deep", "Kitchen", "Cellar", "Loft", "Porch"}
"""Below these, nothing is constrained."""
RETIRE = "MATCH (a:Attribute {taxonomy: $t, path: $path}) SET a.retired = true"
EXCLUDE = """
MATCH (a:Attribute {taxonomy: $t, path: $one})-[:ADMITS]->(v:Value {text: $value}),
      (b:Attribute {taxonomy: $t, path: $other})-[:ADMITS]->(w:Value {text: $against})
CREATE (v)-[:EXCLUDES]->(w)
"""
EDGES = """
MATCH (p:Persona {population: $population})-[h:HAS]->(a:Attribute)
RETURN p.id AS persona, a.id AS attribute, properties(h) AS pair, elementId(h) AS edge, properties(p) AS node
"""


@pytest.fixture
def people(api: DeepPersona, small: Tree, population: str) -> list[Persona]:
    """Twenty people of the small tree, whom the bank gave values."""
    return list(api.generate(20, population=population, taxonomy=small.name, depth=DEPTH, seed=12))


@pytest.fixture
def snapshot(cypher: Cypher, population: str) -> Callable[[], dict[str, dict[str, Any]]]:
    """All that the graph has of each persona, its edges by their ids."""

    def take() -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in cypher(EDGES, population=population):
            node = {key: value for key, value in row["node"].items() if key != "embedding"}
            one = found.setdefault(row["persona"], {"node": node, "edges": {}})
            one["edges"][row["edge"]] = (row["attribute"], row["pair"])
        return found

    return take


def done(run: Refresh) -> Refresh:
    """The refresh, made."""
    run.made = list(run)  # type: ignore[attr-defined]
    assert run.failed == []
    return run


def values_of(person: Persona) -> dict[str, Trait]:
    return {trait.attribute: trait for trait in person.traits}


def holders(people: list[Persona], path: tuple[str, ...], value: str | None = None) -> set[str]:
    return {
        person.id
        for person in people
        for trait in person.traits
        if trait.path == path and value in (None, trait.value)
    }


def quotas_of(person: Persona) -> Counter[str | None]:
    return Counter(trait.stratum for trait in person.traits)


def check_sound(api: DeepPersona, before: list[Persona], tree: str) -> list[Persona]:
    """After a refresh every record has its depth, its orders and its strata, and nothing is broken; gives
    the people as they are now."""
    now, live = list(api.personas(before[0].population)), api.tree(tree)
    for was, person in zip(before, now, strict=True):
        assert [trait.order for trait in person.traits] == [trait.order for trait in was.traits]
        assert quotas_of(person) == quotas_of(was)
        assert violations(person, live) == []
        assert (person.situation, person.inner, person.core) == (was.situation, was.inner, was.core)
    again = api.refresh(before[0].population)
    assert (again.plan.count, list(again)) == (0, [])
    return now


@pytest.mark.parametrize(
    "edit",
    [
        "SET a.name = 'Singing'",
        "SET a.description = 'whether they sing'",
        "WITH a MATCH (b:Attribute {taxonomy: $t, path: ['Home']}), (:Attribute)-[h:HAS_CHILD]->(a) DELETE h "
        "CREATE (b)-[:HAS_CHILD]->(a)",
    ],
    ids=["renamed", "described", "moved"],
)
def test_what_is_only_renamed_moved_or_described_concerns_nobody(
    api: DeepPersona,
    small: Tree,
    people: list[Persona],
    cypher: Cypher,
    snapshot: Callable[[], Any],
    edit: str,
) -> None:
    assert holders(people, ("Art", "Song"))
    before = snapshot()
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}) " + edit, t=small.name)
    api.sync(small.name)
    run = done(api.refresh(people[0].population))
    assert (run.plan.people, run.plan.count) == ([], 0)
    assert snapshot() == before


def test_a_retired_attribute_gives_place_to_the_next_arrival_and_nothing_else_changes(
    api: DeepPersona,
    small: Tree,
    people: list[Persona],
    cypher: Cypher,
    snapshot: Callable[[], dict[str, dict[str, Any]]],
) -> None:
    concerned, before = holders(people, ("Art", "Song")), snapshot()
    assert 0 < len(concerned) < len(people)
    cypher(RETIRE, t=small.name, path=["Art", "Song"])
    run = api.refresh(people[0].population)
    assert {one.id for one in run.plan.people} == concerned
    assert dict(run.plan.values) == {"retired": len(concerned)}
    assert snapshot() == before  # a plan writes nothing
    done(run)
    now, after = check_sound(api, people, small.name), snapshot()
    version = api.tree(small.name).version
    for was, person in zip(people, now, strict=True):
        if person.id not in concerned:
            assert after[person.id] == before[person.id]
            continue
        (gone,) = [trait for trait in was.traits if trait.path == ("Art", "Song")]
        differing = set(was.traits) ^ set(person.traits)
        (new,) = differing - {gone}
        assert (new.order, new.stratum, new.source) == (gone.order, gone.stratum, "bank")
        kept = {edge: pair for edge, pair in before[person.id]["edges"].items() if pair[0] != gone.attribute}
        assert {
            edge: pair for edge, pair in after[person.id]["edges"].items() if pair[0] != new.attribute
        } == kept
        (pair,) = [one for attribute, one in after[person.id]["edges"].values() if attribute == new.attribute]
        assert (pair["run"], pair["version"]) == (run.run, version)
        assert person.taxonomy_version == version


def test_the_replacement_is_who_would_have_arrived_had_the_attribute_been_retired_before(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    (person, *_) = [p for p in people if ("Art", "Song") in {t.path for t in p.traits}]
    cypher(RETIRE, t=small.name, path=["Art", "Song"])
    done(api.refresh(person.population))
    fresh = f"{person.population}-fresh"
    try:
        others = list(api.generate(20, population=fresh, taxonomy=small.name, depth=DEPTH, seed=12))
    finally:
        api.delete(population=fresh)
    anew = next(one for one in others if one.index == person.index)
    now = api.persona(person.id)
    (new,) = set(now.traits) - set(person.traits)
    assert new.path in {trait.path for trait in anew.traits}


def test_what_hangs_on_a_retired_attribute_goes_with_it(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    pets = holders(people, ("Animals", "Keeping", "Pet"))
    hanging = [t for p in people for t in p.traits if t.path[-1] in ("Feeding", "Walks")]
    assert hanging
    cypher(RETIRE, t=small.name, path=["Animals", "Keeping", "Pet"])
    run = api.refresh(people[0].population)
    assert run.plan.values == {"retired": len(pets), "prerequisite": len(hanging)}
    done(run)
    now = check_sound(api, people, small.name)
    assert not {t.path[-1] for p in now for t in p.traits} & {"Pet", "Feeding", "Walks"}


def test_a_retired_branch_takes_all_below_it(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    below = [t for p in people for t in p.traits if t.path[:2] == ("Home", "Loft")]
    cypher(RETIRE, t=small.name, path=["Home", "Loft"])
    run = done(api.refresh(people[0].population))
    assert run.plan.values == {"retired": len(below)}
    assert sum(one.differing for one in run.made) == len(below)  # type: ignore[attr-defined]
    check_sound(api, people, small.name)


def test_an_attribute_deleted_by_hand_leaves_places_that_are_filled_again(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    gone = [t for p in people for t in p.traits if t.path == ("Art", "Song")]
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}) DETACH DELETE a", t=small.name)
    run = done(api.refresh(people[0].population))
    assert run.plan.values == {"gone": len(gone)}
    now = check_sound(api, people, small.name)
    assert sum(len(set(n.traits) - set(w.traits)) for n, w in zip(now, people, strict=True)) == len(gone)


def test_of_two_values_that_exclude_each_other_now_the_later_one_yields(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    one, value, other, against = next(
        (first.path, first.value, second.path, second.value)
        for person in people
        for first, second in combinations(person.traits, 2)
        if {first.path[0], second.path[0]} <= {"Art", "Home"} and {first.path[1], second.path[1]} <= FREE
    )
    both = {
        person.id: max((t for t in person.traits if t.path in (one, other)), key=lambda t: t.order or 0)
        for person in people
        if person.id in holders(people, one, value) & holders(people, other, against)
    }
    cypher(EXCLUDE, t=small.name, one=list(one), value=value, other=list(other), against=against)
    run = done(api.refresh(people[0].population))
    assert run.plan.values == {"excluded": len(both)}
    now = check_sound(api, people, small.name)
    for was, person in zip(people, now, strict=True):
        lost = [trait for trait in was.traits if trait not in person.traits]
        assert lost == ([both[person.id]] if person.id in both else [])
        assert [t.path for t in person.traits] == [t.path for t in was.traits]  # values, not attributes


def test_a_value_that_now_rules_an_attribute_out_makes_the_later_of_both_yield(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    cypher(
        "MATCH (:Attribute {taxonomy: $t, path: ['Art', 'Song']})-[:ADMITS]->(v:Value {text: 'at times'}), "
        "(b:Attribute {taxonomy: $t, path: ['Art', 'Dance']}) CREATE (v)-[:EXCLUDES]->(b)",
        t=small.name,
    )
    singers = holders(people, ("Art", "Song"), "at times") & holders(people, ("Art", "Dance"))
    run = done(api.refresh(people[0].population))
    assert {one.id for one in run.plan.people} == singers
    assert run.plan.count == len(singers)
    check_sound(api, people, small.name)


def test_a_value_that_another_implies_now_is_had_by_whoever_has_both_attributes(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    one, other = ("Art", "Song"), ("Art", "Dance")
    cypher(
        "MATCH (:Attribute {taxonomy: $t, path: $one})-[:ADMITS]->(v:Value {text: 'at times'}), "
        "(:Attribute {taxonomy: $t, path: $other})-[:ADMITS]->(w:Value {text: 'often'}) "
        "CREATE (v)-[:IMPLIES]->(w)",
        t=small.name, one=list(one), other=list(other),
    )  # fmt: skip
    both = holders(people, one, "at times") & holders(people, other)
    wrong = both - holders(people, other, "often")
    run = done(api.refresh(people[0].population))
    assert {one.id for one in run.plan.people} == wrong
    assert run.plan.values == ({"excluded": len(wrong)} if wrong else {})
    check_sound(api, people, small.name)


def test_a_value_that_its_space_lost_is_drawn_again_and_the_others_are_not(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    lost = holders(people, ("Art", "Song"), "often")
    kept = holders(people, ("Art", "Song")) - lost
    assert lost
    assert kept
    cypher(
        "MATCH (:Attribute {taxonomy: $t, path: ['Art', 'Song']})-[:ADMITS]->(v:Value {text: 'often'}) "
        "DETACH DELETE v",
        t=small.name,
    )
    run = done(api.refresh(people[0].population))
    assert run.plan.values == {"outside": len(lost), "space": len(kept)}
    now = check_sound(api, people, small.name)
    for was, person in zip(people, now, strict=True):
        differing = [(w, n) for w, n in zip(was.traits, person.traits, strict=True) if w != n]
        assert len(differing) == (person.id in lost)
        for old, new in differing:
            assert replace(old, value=new.value) == new
            assert new.value in ("never", "at times")


def test_a_changed_value_space_is_drawn_from_again_and_most_values_come_out_as_they_were(
    api: DeepPersona,
    small: Tree,
    people: list[Persona],
    cypher: Cypher,
    snapshot: Callable[[], dict[str, dict[str, Any]]],
) -> None:
    path = ("Art", "Song")
    cypher(
        "MATCH (a:Attribute {taxonomy: $t, path: $path}) "
        "CREATE (a)-[:ADMITS]->(:Value {text: 'in the bath', weight: 40.0})",
        t=small.name, path=list(path),
    )  # fmt: skip
    tree, before = api.tree(small.name), snapshot()
    run = api.refresh(people[0].population)
    assert run.plan.values == {"space": len(holders(people, path))}
    done(run)
    now, after = list(api.personas(people[0].population)), snapshot()
    moved = holders(now, path, "in the bath")
    assert 0 < len(moved) < len(holders(people, path))
    for was, person in zip(people, now, strict=True):
        differing = {t.path for t in was.traits if t not in person.traits}
        assert differing == ({path} if person.id in moved else set())
        if person.id not in moved:
            assert after[person.id]["node"] == before[person.id]["node"]
        assert violations(person, tree) == []
    again = api.refresh(people[0].population)
    assert again.plan.count == 0


def test_a_new_requirement_drops_who_lacks_it(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    cypher(
        "MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}), "
        "(:Attribute {taxonomy: $t, path: ['Art', 'Dance']})-[:ADMITS]->(v:Value {text: 'often'}) "
        "CREATE (a)-[:REQUIRES]->(v)",
        t=small.name,
    )
    lacking = holders(people, ("Art", "Song")) - holders(people, ("Art", "Dance"), "often")
    assert lacking
    run = done(api.refresh(people[0].population))
    assert {one.id for one in run.plan.people} == lacking
    assert run.plan.values == {"prerequisite": len(lacking)}
    check_sound(api, people, small.name)


def test_an_age_bound_that_was_narrowed_replaces_whom_it_does_not_suit(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}) SET a.min_age = 45", t=small.name)
    young = {p.id for p in people if p.situation.age < 45} & holders(people, ("Art", "Song"))
    run = done(api.refresh(people[0].population))
    assert {one.id for one in run.plan.people} == young
    assert set(run.plan.values) == ({"age"} if young else set())
    check_sound(api, people, small.name)


def test_a_chain_of_values_settles(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    """No pet but a cat, and no cat beside song: who has a dog gets another, and what it needs goes too."""
    cypher(
        "MATCH (:Attribute {taxonomy: $t, name: 'Pet'})-[:ADMITS]->(v:Value {text: 'dog'}) DETACH DELETE v",
        t=small.name,
    )
    cypher(
        "MATCH (:Attribute {taxonomy: $t, name: 'Pet'})-[:ADMITS]->(v:Value {text: 'cat'}), "
        "(b:Attribute {taxonomy: $t, path: ['Art', 'Song']}) CREATE (v)-[:EXCLUDES]->(b)",
        t=small.name,
    )
    run = done(api.refresh(people[0].population))
    assert run.plan.people
    now = check_sound(api, people, small.name)
    for person in now:
        has = {trait.path[-1]: trait.value for trait in person.traits}
        assert has.get("Pet") != "dog"
        assert not ("Song" in has and has.get("Pet") == "cat")


def test_what_was_given_is_named_and_left(
    api: DeepPersona, small: Tree, population: str, cypher: Cypher
) -> None:
    people = list(
        api.generate(
            4, population=population, taxonomy=small.name, depth=DEPTH, seed=12,
            anchors={"Art > Song": "often", "age": 50, "Art > Dance": "often"},
        )
    )  # fmt: skip
    cypher(RETIRE, t=small.name, path=["Art", "Song"])
    cypher(
        "MATCH (:Attribute {taxonomy: $t, path: ['Art', 'Dance']})-[:ADMITS]->(v:Value {text: 'often'}) "
        "DETACH DELETE v",
        t=small.name,
    )
    run = done(api.refresh(population))
    assert run.plan.people == []
    assert [(who.id, text) for who, text in run.plan.left] == [
        (person.id, text)
        for person in people
        for text in (
            "Art > Song = often: its attribute is retired",
            "Art > Dance = often: no longer in the value space",
        )
    ]
    assert list(api.personas(population)) == people


def told_tree(human: Tree) -> list[str]:
    """Lines of a tree of sixty bundled attributes that templates have sentences for."""
    found = [
        one
        for one in human.attributes
        if one.value_type in ("categorical", "ordinal")
        and not one.requires
        and one.core is None
        and all(sentence(Trait(one.id, one.path, value.text, "bank")) for value in one.values)
    ]
    records = [
        {"path": one.path, "value_type": one.value_type, "values": [value.text for value in one.values]}
        for one in found[::5][:60]
    ]
    return [json.dumps(record) for record in records]


def test_a_narrative_is_told_again_only_where_it_tells_of_what_changed(
    api: DeepPersona,
    human: Tree,
    imported: Callable[[Sequence[str]], Tree],
    population: str,
    cypher: Cypher,
) -> None:
    tree = imported(told_tree(human))
    people = list(api.generate(12, population=population, taxonomy=tree.name, depth=30, seed=3))

    def tells(person: Persona, trait: Trait) -> bool:
        said = sentence(trait)
        return said is not None and said in person.narrative

    told = [(p, t) for p in people for t in p.traits if tells(p, t)]
    untold = {t.attribute for p in people for t in p.traits if not tells(p, t)}
    retired = next(t for _, t in told if t.attribute in untold)
    holding = {p.id: t for p in people for t in p.traits if t.attribute == retired.attribute}
    cypher(RETIRE, t=tree.name, path=list(retired.path))
    run = done(api.refresh(population))
    assert {one.id for one in run.plan.people} == holding.keys()
    now = {person.id: person for person in api.personas(population)}
    for person in people:
        if person.id not in holding:
            assert now[person.id] == person
        elif tells(person, holding[person.id]):
            assert now[person.id].narrative != person.narrative
            assert not tells(now[person.id], holding[person.id])
        elif str(holding[person.id].value).casefold() not in person.narrative.casefold():
            assert now[person.id].narrative == person.narrative


def test_a_refresh_that_was_left_half_way_goes_on(
    api: DeepPersona, small: Tree, people: list[Persona], cypher: Cypher
) -> None:
    cypher(RETIRE, t=small.name, path=["Home", "Loft"])
    run = api.refresh(people[0].population)
    next(iter(run))
    run.close()
    left = api.refresh(people[0].population)
    assert len(left.plan.people) < len(run.plan.people) or not left.plan.people
    done(left)
    check_sound(api, people, small.name)


def test_what_nothing_can_replace_is_told_and_left_as_it_is(
    api: DeepPersona, small: Tree, population: str, cypher: Cypher
) -> None:
    (person,) = api.generate(1, population=population, taxonomy=small.name, depth=34, seed=12)
    cypher(RETIRE, t=small.name, path=["Home"])
    run = api.refresh(population)
    assert list(run) == []
    ((name, reason),) = run.failed
    assert person.id in name
    assert "apply" in reason
    assert api.persona(person.id) == person


def test_an_unknown_population_is_told_with_the_nearest(api: DeepPersona, people: list[Persona]) -> None:
    with pytest.raises(UnknownNameError, match=r"no population is called .*; nearest: .*test-"):
        api.refresh(people[0].population + "x")


def test_an_estimate_without_a_model_is_refused(api: DeepPersona, people: list[Persona]) -> None:
    with pytest.raises(InputError, match="nothing is spent"):
        api.refresh(people[0].population).forecast()


def test_a_model_is_asked_for_what_changed_on_the_grounds_of_the_rest(
    asking: Callable[..., DeepPersona], endpoint: Endpoint, small: Tree, population: str, cypher: Cypher
) -> None:
    api = asking()
    made = api.generate(4, population=population, taxonomy=small.name, depth=DEPTH, seed=5)
    people = sorted(made, key=lambda person: person.index)
    concerned = holders(people, ("Art", "Song"))
    assert concerned
    cypher(RETIRE, t=small.name, path=["Art", "Song"])
    asked = len(endpoint.calls)
    run = api.refresh(population)
    forecast = run.forecast()
    assert len(endpoint.calls) == asked
    assert (forecast.people, forecast.requests) == (len(concerned), 2 * len(concerned))
    done(run)
    calls = endpoint.calls[asked:]
    assert Counter(map(schema_name, calls)) == {
        "AttributeValues": len(concerned), "Portrait": len(concerned),
    }  # fmt: skip
    now = list(api.personas(population))
    for was, person in zip(people, now, strict=True):
        new = set(person.traits) - set(was.traits)
        assert len(new) == (person.id in concerned)
        assert (person.narrative != was.narrative) == bool(new)
        assert all(trait.source == "model" and trait.request for trait in new)
        assert violations(person, api.tree(small.name)) == []
    again = api.refresh(population)
    assert (again.plan.count, list(again)) == (0, [])


def test_a_model_is_asked_again_only_where_the_value_space_changed(
    asking: Callable[..., DeepPersona], endpoint: Endpoint, small: Tree, population: str, cypher: Cypher
) -> None:
    api = asking()
    made = api.generate(4, population=population, taxonomy=small.name, depth=DEPTH, seed=5)
    people = sorted(made, key=lambda person: person.index)
    path = ("Art", "Song")
    cypher(
        "MATCH (a:Attribute {taxonomy: $t, path: $path}) "
        "CREATE (a)-[:ADMITS]->(:Value {text: 'in the bath'})",
        t=small.name, path=list(path),
    )  # fmt: skip
    asked = len(endpoint.calls)
    run = done(api.refresh(population))
    assert run.plan.values == {"space": len(holders(people, path))}
    fills = [call for call in endpoint.calls[asked:] if schema_name(call) == "AttributeValues"]
    assert len(fills) == len(holders(people, path))
    assert all("in the bath" in call.body["messages"][-1]["content"] for call in fills)
    again = api.refresh(population)
    assert again.plan.count == 0
