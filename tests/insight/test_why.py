"""Why a persona has a value: every link of the chain is what the graph and the store of answers hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import pytest
from endpoint import Endpoint, serving
from model_endpoint import person_script
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.insight.why import TABLES, Pair, told
from deeppersona_graph.llm.answers import Raw
from deeppersona_graph.llm.store import FILE, Answer, open_store
from deeppersona_graph.model.persona import value_texts
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.tree import Tree, normal
from deeppersona_graph.taxonomy.changing import change_tree
from deeppersona_graph.taxonomy.merging import Merge, merge_attributes

pytestmark = pytest.mark.live

DEPTH = 12
LINES = [
    json.dumps(record)
    for record in (
        *(
            {"path": [root, f"{root} {n}"], "value_type": "ordinal", "values": ["never", "at times", "often"],
             "weights": [30, 50, 20]}
            for root in ("Tea", "Boats", "Songs")
            for n in range(10)
        ),
        {"path": ["Tea", "Cups"], "value_type": "number", "values": {"min": 0, "max": 9, "unit": "a day"}},
        {"path": ["Tea", "Kinds"], "value_type": "list", "values": ["green", "black", "mint", "rooibos"]},
        {"path": ["Tea", "Gone"], "value_type": "categorical", "values": ["a", "b"], "retired": True},
    )
]  # fmt: skip


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """Thirty-two attributes below three roots, and one that is retired."""
    return imported(LINES)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A language model that answers well."""
    with serving(person_script) as server:
        yield server


def _wanted(tree: Tree, population: str, **rest: Any) -> dict[str, Any]:
    return {"population": population, "taxonomy": tree.name, "depth": DEPTH, "seed": 7, **rest}


def test_a_value_of_the_bank_leads_to_its_run_its_seed_and_its_arrival(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    run = api.generate(2, **_wanted(tree, population))
    person = list(run)[1]
    for trait in person.traits:
        found = api.why(person.id, json.dumps(trait.path))
        assert found.pair.run is not None
        assert (found.pair.run.id, found.pair.run.kind, found.pair.run.model) == (run.run, "generate", None)
        assert (found.pair.value, found.pair.source, found.pair.order) == (trait.value, "bank", trait.order)
        assert found.place is not None
        assert found.place.stratum == trait.stratum
        assert found.place.similarity == pytest.approx(trait.similarity, abs=5.1e-5)
        assert found.place.among in (10, 11)
        assert (found.answer, found.superseded, found.behind.evidence, found.notes) == (None, (), (), {})
    plain = found.plain()
    assert plain["persona"]["seed"] == 7
    assert plain["persona"]["own_seed"] == persona_seed(7, 1)
    json.dumps(plain)


def test_the_arrivals_of_a_stratum_are_those_that_were_taken_first(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population, anchors={"Boats 3": "often"}))
    given = api.why(person.id, "Boats 3")
    assert (given.words, given.place and given.place.arrival) == (
        "given by whoever asked for the persona",
        0.0,
    )
    for stratum in ("near", "middle", "far"):
        taken = [one for one in person.traits if one.stratum == stratum and one.source == "bank"]
        places = [api.why(person.id, json.dumps(one.path)).place for one in taken]
        arrivals = [one.arrival for one in places if one is not None]
        assert arrivals == sorted(arrivals)
        ranks = [one.rank for one in places if one is not None]
        first = 2 if given.place is not None and given.place.stratum == stratum else 1
        assert ranks == list(range(first, first + len(taken)))


def test_the_share_of_a_value_is_that_of_the_taxonomy(api: DeepPersona, tree: Tree, population: str) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    shares = {"never": 30, "at times": 50, "often": 20}
    for trait in person.traits:
        if isinstance(trait.value, str) and trait.value in shares:
            assert api.why(person.id, json.dumps(trait.path)).share == shares[trait.value]


def test_core_attributes_name_the_tables_they_were_drawn_from(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population, country="Finland"))
    for trait in person.core:
        key = tree.by_id[trait.attribute].core
        assert key is not None
        found = api.why(person.id, json.dumps(trait.path))
        assert (found.pair.value, found.pair.order, found.place, found.answer) == (
            trait.value,
            None,
            None,
            None,
        )
        if key == "country":
            assert found.words == "given by whoever asked for the persona"
        elif key in TABLES:
            assert all(table in found.words for table in TABLES[key])
        else:
            assert "bank of inner cores" in found.words


def test_every_table_that_is_named_is_in_the_package() -> None:
    folder = files("deeppersona_graph") / "data" / "demographics"
    missing = {name for names in TABLES.values() for name in names if not (folder / name).is_file()}
    assert missing == set()


def test_a_value_of_a_model_leads_to_the_prompt_and_the_part_of_the_answer_that_says_it(
    asking: Callable[..., DeepPersona], tree: Tree, population: str
) -> None:
    dp = asking()
    (person,) = dp.generate(1, **_wanted(tree, population, chunk=5))
    for trait in person.traits:
        found = dp.why(person.id, json.dumps(trait.path))
        assert found.answer is not None
        assert found.answer.request == trait.request
        assert (found.answer.prompt, found.answer.asked) == ("fill-attributes", "gpt-4o-mini")
        assert found.answer.part["id"] == trait.order
        said = {normal(text) for text in found.answer.part["values"]}
        assert {normal(text) for text in value_texts(trait.value)} <= said
        with open_store(dp.settings) as store:
            (answer,) = store.answers([trait.request or ""])
        assert (found.answer.version, found.answer.text) == (answer.version, answer.raw.text)
    for trait in person.core:
        if trait.source == "model":
            found = dp.why(person.id, json.dumps(trait.path))
            assert found.answer is not None
            assert isinstance(found.answer.part, dict)


@pytest.mark.parametrize(
    ("order", "value", "part"),
    [
        (5, "often", {"id": 6, "values": ["Often"]}),
        (4, "often", {"id": 4, "values": ["often"]}),
        (9, 7, {"id": 5, "values": ["7"]}),
        (5, ("mint", "green"), {"id": 7, "values": ["green", "mint", "black"]}),
        (5, "nowhere", None),
    ],
)
def test_where_not_all_of_an_answer_was_kept_the_part_is_found_by_the_value(
    api: DeepPersona, tree: Tree, population: str, order: int, value: Any, part: Any
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    entries = [
        {"id": 6, "values": ["Often"]},
        {"id": 4, "values": ["often"]},
        {"id": 5, "values": ["7"]},
        {"id": 7, "values": ["green", "mint", "black"]},
    ]
    raw = Raw(f"So: {json.dumps({'attributes': entries})}", "stop", None, "m")
    answer = Answer("key", "fill-attributes", 3, "m", 10, raw, "online", 0.0)
    pair = Pair(value, "model", None, order, "near", 0.1, "key", 1, None)
    found = told(answer, pair, "Tea 3", person)
    assert (found.part, found.prompt, found.version) == (part, "fill-attributes", 3)


def test_an_answer_that_the_store_lacks_is_said_to_be_missing_and_no_store_is_made(
    asking: Callable[..., DeepPersona], tree: Tree, population: str
) -> None:
    (person,) = asking().generate(1, **_wanted(tree, population))
    other = asking("elsewhere")
    found = other.why(person.id, json.dumps(person.traits[0].path))
    assert found.answer is None
    assert f"lacks the request {person.traits[0].request}" in found.notes["answer"]
    assert not (other.settings.data_dir / FILE).exists()


def test_a_superseded_value_stands_beside_the_one_that_counts(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    first, last = person.traits[0], person.traits[-1]
    api.graph.transact(
        lambda tx: merge_attributes(tx, tree.name, [Merge(last.attribute, (first.attribute,), "Both")])
    )
    found = api.why(person.id, "Both")
    assert (found.pair.value, found.pair.order, found.pair.source) == (first.value, first.order, "bank")
    (beside,) = found.superseded
    assert (beside.value, beside.order, beside.was, beside.superseded) == (
        last.value,
        last.order,
        "bank",
        True,
    )


def test_a_value_whose_only_edge_is_superseded_says_what_it_was(
    api: DeepPersona, tree: Tree, population: str, driver: Driver
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    trait = person.traits[0]
    driver.execute_query(
        "MATCH (:Persona {id: $persona})-[has:HAS]->(:Attribute {taxonomy: $taxonomy, id: $attribute}) "
        "SET has.was = has.source, has.source = 'superseded'",
        persona=person.id,
        taxonomy=tree.name,
        attribute=trait.attribute,
        database_=api.graph.database,
    )
    found = api.why(person.id, json.dumps(trait.path))
    assert found.pair.superseded
    assert found.words.startswith("superseded when two attributes became one; before that drawn from")
    assert found.place is None


def test_the_dialogues_that_evidence_the_attribute_are_shown(
    api: DeepPersona, tree: Tree, population: str, driver: Driver
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    trait = person.traits[0]
    driver.execute_query(
        "MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute}) "
        "CREATE (:Exchange {taxonomy: $taxonomy, id: 'e1', question: 'How?', answer: 'So.', source: 's', "
        "licence: 'none', category: 'x', personalizable: 'yes', reason: 'r'})-[:EVIDENCES {value: 'v'}]->(a) "
        "SET a.support = 1",
        taxonomy=tree.name,
        attribute=trait.attribute,
        database_=api.graph.database,
    )
    found = api.why(person.id, json.dumps(trait.path))
    assert [(one.question, one.answer, one.value) for one in found.behind.evidence] == [("How?", "So.", "v")]
    assert api.why(person.id, json.dumps(trait.path), evidence=0).behind.evidence == ()


def test_the_selection_is_not_made_again_on_another_version_of_the_tree(
    api: DeepPersona, tree: Tree, population: str, driver: Driver
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    driver.execute_query(
        "MATCH (:Persona {id: $persona})-[has:HAS]->() SET has.version = has.version + 5",
        persona=person.id,
        database_=api.graph.database,
    )
    found = api.why(person.id, json.dumps(person.traits[0].path))
    assert found.place is None
    assert found.notes["selection"].startswith("not made again: the taxonomy is at version")


def test_the_edits_of_the_attribute_since_are_told_and_those_of_others_are_not(
    api: DeepPersona, tree: Tree, population: str, driver: Driver
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    first, other = person.traits[:2]
    by_hand = "MATCH (a:Attribute {taxonomy: $taxonomy, id: $attribute}) SET a.description = 'Said since.'"
    driver.execute_query(by_hand, taxonomy=tree.name, attribute=first.attribute, database_=api.graph.database)
    version = change_tree(api.graph, tree.name, tree.version, "nothing", "{}", lambda _: None).version
    found = api.why(person.id, json.dumps(first.path))
    (edit,) = found.edits
    assert (tree.version < edit.version <= version, edit.undone) == (True, False)
    assert found.taxonomy_version == version
    assert found.plain()["edits"][0]["version"] == edit.version
    assert api.why(person.id, json.dumps(other.path)).edits == ()


def test_an_attribute_that_the_persona_lacks_is_told_with_how_near_it_was_and_what_there_is(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    held = {one.attribute for one in person.traits}
    lacking = next(
        a
        for a in tree.attributes
        if a.path[0] == "Tea" and a.has_values and not a.retired and a.id not in held
    )
    with pytest.raises(InputError) as refused:
        api.why(person.id, json.dumps(lacking.path))
    text = str(refused.value)
    assert f"{person.situation.name} ({person.id}) has no" in text
    assert "of 10 there to arrive" in text or "of 11 there to arrive" in text
    assert "nearest of what there is: Tea > " in text


def test_a_retired_attribute_was_never_to_be_had(api: DeepPersona, tree: Tree, population: str) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    with pytest.raises(InputError, match="it is retired"):
        api.why(person.id, "Gone")
    with pytest.raises(InputError, match="no values of its own"):
        api.why(person.id, "Boats")


def test_unknown_names_are_told_with_the_nearest(api: DeepPersona, tree: Tree, population: str) -> None:
    (person,) = api.generate(1, **_wanted(tree, population))
    with pytest.raises(UnknownNameError, match="no attribute is called 'Boat 3'; nearest: 'Boats"):
        api.why(person.id, "Boat 3")
    with pytest.raises(UnknownNameError, match="no persona is called"):
        api.why("nobody at all", "Boats 3")


def test_uses_that_were_counted_before_are_counted_again(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    people = list(api.generate(52, **_wanted(tree, population, beta=1.0)))
    (late,) = [one for one in people if one.index == 51]
    for stratum in ("near", "middle", "far"):
        taken = [one for one in late.traits if one.stratum == stratum]
        places = [api.why(late.id, json.dumps(one.path)).place for one in taken]
        assert [one and one.rank for one in places] == list(range(1, len(taken) + 1))
