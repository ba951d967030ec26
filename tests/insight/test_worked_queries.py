"""The ten worked queries of cypher/QUERIES.md answer what they say they do, from indexes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from insight_crowd import CROWD, FIRST, Crowd, Trait, values
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.persona import Persona, plain, value_texts
from deeppersona_graph.model.tree import normal

pytestmark = pytest.mark.live

PAGE = (Path(__file__).parents[2] / "cypher" / "QUERIES.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^## (\d+)\. ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
SCANS = ("AllNodesScan", "NodeByLabelScan", "RelationshipTypeScan", "AllRelationshipsScan")


def query(number: int) -> str:
    """The Cypher of the query of that number."""
    (text,) = (body for found, _, body in QUERIES if int(found) == number)
    (block,) = re.findall(r"```cypher\n(.*?)```", text, re.DOTALL)
    return str(block)


@pytest.fixture
def answer(api: DeepPersona) -> Any:
    """Asks one of the queries, as a user would, and looks at how the server goes about it."""

    def run(number: int, **parameters: Any) -> list[dict[str, Any]]:
        profile = api.cypher("PROFILE " + query(number), parameters)
        assert profile.plan is not None
        operators = {step.operator for step in profile.plan.root.walk()}
        assert not [one for one in operators if one.startswith(SCANS)]
        found = api.cypher(query(number), parameters)
        assert found.left is None
        return [dict(row) for row in found.rows]

    return run


def outside_the_core(persona: Persona) -> set[Trait]:
    """The traits of a person, core attributes aside."""
    return {(t.attribute, normal(text)) for t in persona.traits for text in value_texts(t.value)}


def paths(crowd: Crowd) -> dict[str, list[str]]:
    """Paths by id."""
    return {one.id: list(one.path) for one in crowd.tree.attributes}


def test_there_are_ten_and_each_explains_its_columns(api: DeepPersona) -> None:
    assert [int(number) for number, _, _ in QUERIES] == list(range(1, 11))
    for _, title, body in QUERIES:
        (block,) = re.findall(r"```cypher\n(.*?)```", body, re.DOTALL)
        explained = {
            name
            for line in body.split("```")[-1].splitlines()
            if line.startswith("- ")
            for name in re.findall(r"`(\w+)`", line.partition(":")[0])
        }
        given = dict.fromkeys(re.findall(r"\$(\w+)", block), "")
        assert set(api.cypher(block, given).columns) == explained, title
        assert set(re.findall(r"--param (\w+)=", body)) == given.keys(), title


def test_who_shares_a_rare_value(crowd: Crowd, answer: Any) -> None:
    people = crowd.people[FIRST]
    holders: dict[Trait, list[str]] = {}
    for one in people:
        for trait in outside_the_core(one):
            holders.setdefault(trait, []).append(one.situation.name)
    path = paths(crowd)
    assert {
        (tuple(r["attribute"]), r["value"], tuple(sorted(r["people"]))) for r in answer(1, population=FIRST)
    } == {
        (tuple(path[attribute]), value, tuple(sorted(names)))
        for (attribute, value), names in holders.items()
        if len(names) == 2
    }


def test_which_values_go_together(crowd: Crowd, answer: Any) -> None:
    named = {crowd.tree.by_id[i].name: i for i in values(crowd.everybody[0])}
    first, second = crowd.tree.core["education"], crowd.tree.core["income"]
    assert {first.name, second.name} <= named.keys()
    pairs = [
        (normal(str(found[first.id])), normal(str(found[second.id])))
        for found in map(values, crowd.people[FIRST])
        if first.id in found and second.id in found
    ]
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    rows = answer(2, population=FIRST, first=first.name, second=second.name)
    assert {(r["one"], r["other"]): (r["people"], pytest.approx(r["expected"])) for r in rows} == {
        pair: (count, ones[pair[0]] * others[pair[1]] / len(pairs)) for pair, count in Counter(pairs).items()
    }
    surplus = [row["people"] - row["expected"] for row in rows]
    assert surplus == sorted(surplus, reverse=True)


def test_what_is_told_of_a_countrys_people_more_often(crowd: Crowd, answer: Any) -> None:
    people = crowd.people[FIRST]
    country = Counter(one.situation.country for one in people).most_common(1)[0][0]
    inside = [one for one in people if one.situation.country == country]
    outside = [one for one in people if one.situation.country != country]
    expected = []
    for attribute in {trait.attribute for one in people for trait in one.traits}:
        here, elsewhere = (
            sum(any(t.attribute == attribute for t in one.traits) for one in group)
            for group in (inside, outside)
        )
        if here * len(outside) > elsewhere * len(inside):
            expected.append((paths(crowd)[attribute], here, here / len(inside), elsewhere / len(outside)))
    expected.sort(key=lambda row: (-(row[2] - row[3]), row[0]))
    rows = answer(3, population=FIRST, country=country)
    found = [(r["attribute"], r["here"], r["share"], r["share_elsewhere"]) for r in rows]
    assert rows
    assert sorted(found) == sorted(expected[:20])


def test_from_a_person_to_the_dialogues(crowd: Crowd, answer: Any, driver: Driver, api: DeepPersona) -> None:
    person = crowd.people[FIRST][0]
    trait, other = person.traits[0], person.traits[1]
    rows = [
        {"id": "test-worked-1", "attribute": trait.attribute, "answer": "I do"},
        {"id": "test-worked-2", "attribute": trait.attribute, "answer": "I do not"},
        {"id": "test-worked-3", "attribute": other.attribute, "answer": "Perhaps"},
    ]
    try:
        driver.execute_query(
            "UNWIND $rows AS row MATCH (a:Attribute {taxonomy: $taxonomy, id: row.attribute}) "
            "CREATE (:Exchange {taxonomy: $taxonomy, id: row.id, question: 'Well?', answer: row.answer})"
            "-[:EVIDENCES {value: row.answer + '!'}]->(a)",
            {"rows": rows, "taxonomy": CROWD},
            database_=api.graph.database,
        )
        found = answer(4, persona=person.id)
    finally:
        driver.execute_query(
            "MATCH (x:Exchange {taxonomy: $taxonomy}) WHERE x.id STARTS WITH 'test-worked' DETACH DELETE x",
            {"taxonomy": CROWD},
            database_=api.graph.database,
        )
    expected = [
        (list(one.path), plain(one.value), f"{said}!", "Well?", said)
        for one, said in ((trait, "I do"), (trait, "I do not"), (other, "Perhaps"))
    ]
    assert sorted(map(repr, (tuple(row.values()) for row in found))) == sorted(map(repr, expected))


def test_the_people_most_like_one_person(crowd: Crowd, answer: Any, driver: Driver, api: DeepPersona) -> None:
    me = crowd.people[FIRST][0]
    stored = driver.execute_query(
        "MATCH (p:Persona {population: $name}) RETURN p.id AS id, p.embedding AS vector",
        {"name": FIRST},
        database_=api.graph.database,
    ).records
    vectors = {row["id"]: row["vector"] for row in stored}
    mine = vectors.pop(me.id)
    likeness = {
        one: sum(a * b for a, b in zip(mine, vector, strict=True))
        / (sum(a * a for a in mine) * sum(b * b for b in vector)) ** 0.5
        for one, vector in vectors.items()
    }
    rows = answer(5, persona=me.id)
    assert [row["cosine"] for row in rows] == pytest.approx(
        sorted(likeness.values(), reverse=True)[:10], abs=1e-5
    )
    assert all(row["cosine"] == pytest.approx(likeness[row["id"]], abs=1e-5) for row in rows)
    names = {one.id: one.situation.name for one in crowd.people[FIRST]}
    assert all(row["name"] == names[row["id"]] for row in rows)


def test_the_longest_branches(api: DeepPersona, crowd: Crowd, answer: Any) -> None:
    for tree in (crowd.tree, api.tree("human")):
        longest = sorted((-len(leaf.path), list(leaf.path)) for leaf in tree.leaves())[:10]
        rows = answer(6, taxonomy=tree.name)
        assert [(-row["levels"], row["branch"]) for row in rows] == longest


def test_what_nobody_has(crowd: Crowd, answer: Any) -> None:
    used = {trait.attribute for one in crowd.people[FIRST] for trait in one.traits}
    asked: Counter[str] = Counter()
    unused: Counter[str] = Counter()
    for one in crowd.tree.attributes:
        if one.value_type is not None and one.core is None:
            asked[one.path[0]] += 1
            unused[one.path[0]] += one.id not in used
    rows = answer(7, population=FIRST, taxonomy=CROWD)
    assert {row["root"]: (row["attributes"], row["unused"]) for row in rows} == {
        root: (count, unused[root]) for root, count in asked.items()
    }


@pytest.fixture
def made_again(crowd: Crowd, driver: Driver, api: DeepPersona) -> Iterator[list[tuple[Persona, Any]]]:
    """Three pairs that a later run made, as a refresh leaves them."""
    chosen = [(one, one.traits[2]) for one in crowd.people[FIRST][:3]]
    mark = (
        "UNWIND $rows AS row MATCH (p:Persona {id: row[0]})-[h:HAS]->(a:Attribute {id: row[1]}) "
        "SET h.was_run = h.run, h.run = 'test-later', h.was_version = h.version, h.version = 99"
    )
    rows = [[one.id, trait.attribute] for one, trait in chosen]
    driver.execute_query(mark, {"rows": rows}, database_=api.graph.database)
    yield chosen
    driver.execute_query(
        "MATCH (:Population {name: $name})-[:CONTAINS]->()-[h:HAS]->() WHERE h.was_run IS NOT NULL "
        "SET h.run = h.was_run, h.version = h.was_version REMOVE h.was_run, h.was_version",
        {"name": FIRST},
        database_=api.graph.database,
    )


def test_what_was_made_again(made_again: Sequence[tuple[Persona, Any]], answer: Any) -> None:
    rows = answer(8, population=FIRST)
    assert sorted(repr(tuple(row.values())) for row in rows) == sorted(
        repr((one.id, one.situation.name, list(trait.path), plain(trait.value), 99, "test-later"))
        for one, trait in made_again
    )


def test_the_history_of_an_attribute(
    api: DeepPersona, answer: Any, driver: Driver, imported: Any, taxonomy: str
) -> None:
    imported(['{"path": ["Food", "Tea"], "value_type": "ordinal", "values": ["never", "often"]}'])
    for name in ("Tea Ritual", "Coffee Break"):
        driver.execute_query(
            "MATCH (f:Attribute {taxonomy: $taxonomy, name: 'Food'}) "
            "CREATE (f)-[:HAS_CHILD]->(:Attribute {name: $name})",
            {"taxonomy": taxonomy, "name": name},
            database_=api.graph.database,
        )
        api.sync(taxonomy)
    rows = answer(9, taxonomy=taxonomy, name="Tea Ritual")
    assert [(row["version"], row["operation"], row["undone"]) for row in rows] == [(2, "sync", False)]


def test_how_two_people_differ(crowd: Crowd, answer: Any) -> None:
    one, other = crowd.people[FIRST][:2]
    mine, theirs = values(one), values(other)
    expected = [
        (paths(crowd)[attribute], plain(mine.get(attribute)), plain(theirs.get(attribute)))
        for attribute in mine.keys() | theirs.keys()
        if mine.get(attribute) != theirs.get(attribute)
    ]
    found = [tuple(row.values()) for row in answer(10, one=one.id, other=other.id)]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    assert answer(10, one=one.id, other=one.id) == []
