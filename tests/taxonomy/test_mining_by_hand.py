"""A mined tree that people edit by hand, mined again: what they did stays, and every run finds a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mining_model import HEALTH, HOBBIES, MiningModel, dialogue

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.taxonomy.mining.report import MiningReport

pytestmark = pytest.mark.live

ByHand = Callable[..., set[tuple[Any, ...]]]
Mine = Callable[..., MiningReport]

SLEEP = dialogue(f"{HEALTH} / Sleep / Sleep Quality = poor")
GENRE = dialogue(f"{HOBBIES} / Music Taste / Preferred Genre = jazz")
RENAME = "MATCH (a:Attribute {taxonomy: $name, name: 'Sleep Quality'}) SET a.name = $to"
MOVE = (
    "MATCH ()-[r:HAS_CHILD]->(a:Attribute {taxonomy: $name, name: $what}) "
    "MATCH (p:Attribute {taxonomy: $name, name: $under}) DELETE r CREATE (p)-[:HAS_CHILD]->(a)"
)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (
            "MATCH (a:Attribute {taxonomy: $name, name: 'Sleep Quality'}) SET a.name = 'Bedtime Rest'",
            "Bedtime Rest",
        ),
        (
            "MATCH (p:Attribute {taxonomy: $name, name: 'Sleep'}) "
            "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Tea Ritual', retired: true})",
            "Tea Ritual",
        ),
        (MOVE.replace("$what", "'Preferred Genre'").replace("$under", "'Sleep'"), "Preferred Genre"),
    ],
)
def test_a_dialogue_may_name_what_somebody_named_moved_or_retired(
    mine: Mine, by_hand: ByHand, taxonomy: str, edit: str, named: str
) -> None:
    mine([SLEEP, GENRE])
    by_hand(edit, name=taxonomy)
    report = mine([dialogue(f"{HEALTH} / Sleep / {named} = fine")])
    assert report.state == "finished"
    of_it = (
        "MATCH (a:Attribute {taxonomy: $name, name: $named})<-[:EVIDENCES {value: 'fine'}]-() "
        "RETURN a.path[1]"
    )
    assert by_hand(of_it, name=taxonomy, named=named) == {("Sleep",)}
    assert mine([SLEEP]).state == "unchanged"


def test_a_proposal_may_bear_a_name_that_somebody_gave(
    mine: Mine, by_hand: ByHand, taxonomy: str, model: MiningModel
) -> None:
    model.extra = {"Sleep": ["Dream Recall"]}
    mine([SLEEP])
    by_hand(
        "MATCH (a:Attribute {taxonomy: $name, name: 'Sleep Quality'}) SET a.name = 'Dream Recall'",
        name=taxonomy,
    )
    assert mine([dialogue(f"{HEALTH} / Sleep / Sleep Quality = fine")], expand=12).state == "finished"


def test_a_move_by_hand_and_one_by_the_filter_make_no_circle(
    mine: Mine, mined: Any, by_hand: ByHand, taxonomy: str, model: MiningModel
) -> None:
    mine([dialogue(f"{HEALTH} / Sleep Pattern / Sleep Quality = poor"), GENRE])
    by_hand(MOVE, name=taxonomy, what="Music Taste", under="Sleep Pattern")
    model.reviews = {"Sleep Patterns": {"verdict": "elsewhere", "parent": [HOBBIES, "Music Taste"]}}
    model.same = [{"Sleep Pattern", "Sleep Patterns"}]
    several = [dialogue(f"{HEALTH} / Sleep Patterns / Sleep Quality = {value}") for value in ("fine", "good")]
    assert mine(several).state == "finished"
    assert [path for path in mined() if path.endswith("Music Taste")]


def test_an_area_that_somebody_made_a_root_is_one(mine: Mine, by_hand: ByHand, taxonomy: str) -> None:
    mine([SLEEP])
    by_hand(
        "MATCH ()-[r:HAS_CHILD]->(a:Attribute {taxonomy: $name, name: 'Sleep'}) "
        "DELETE r SET a.path = ['Sleep']",
        name=taxonomy,
    )
    assert mine([dialogue(f"{HEALTH} / Sleep / Sleep Quality = fine")]).state == "finished"


def test_what_is_dropped_later_leaves_its_parent_as_it_was(
    mine: Mine, mined: Any, by_hand: ByHand, taxonomy: str, model: MiningModel
) -> None:
    mine([dialogue(f"{HEALTH} / Running Gear / Nike Pegasus = size 42", about="Shoes?")])
    ids = "MATCH (a:Attribute {taxonomy: $name, name: 'Running Gear'}) RETURN a.id"
    before = by_hand(ids, name=taxonomy)
    by_hand("MATCH (d:Decision {taxonomy: $name, step: 'review-places'}) DETACH DELETE d", name=taxonomy)
    model.reviews = {"Nike Pegasus": {"verdict": "drop"}}
    mine([SLEEP], "other answers")
    assert by_hand(ids, name=taxonomy) == before
    found = {path: rest for path, rest in mined().items() if "Gear" in path}
    assert found == {f"{HEALTH} > Running Gear": (1, ())}
    values = by_hand(
        "MATCH (a:Attribute {taxonomy: $name, name: 'Running Gear'})-[:ADMITS]->(v) RETURN v.text",
        name=taxonomy,
    )
    assert ("size 42",) not in values


def test_merging_keeps_what_somebody_called_and_described(
    mine: Mine, by_hand: ByHand, taxonomy: str, model: MiningModel
) -> None:
    names = ("Bedtime Reading", "Reading At Bedtime")
    mine([dialogue(f"{HEALTH} / Sleep / {name} = a") for name in names])
    ids = "MATCH (a:Attribute {taxonomy: $name}) WHERE a.name IN $names RETURN a.id"
    last = max(by_hand(ids, name=taxonomy, names=names))
    by_hand(
        "MATCH (a:Attribute {taxonomy: $name, id: $id}) SET a.name = 'My Own Name', a.description = 'Mine.'",
        name=taxonomy, id=last[0],
    )  # fmt: skip
    by_hand("MATCH (d:Decision {taxonomy: $name, step: 'compare-attributes'}) DETACH DELETE d", name=taxonomy)
    model.same = [set(names)]
    mine([dialogue(f"{HEALTH} / Sleep / Bedtime Reading = b")], "other answers")
    kept = by_hand(
        "MATCH (a:Attribute {taxonomy: $name, name: 'My Own Name'}) RETURN a.description, a.support",
        name=taxonomy,
    )
    assert kept == {("Mine.", 3)}


def test_names_that_were_said_to_differ_are_never_one(mine: Mine, mined: Any, model: MiningModel) -> None:
    model.same = [{"Sleep Quality", "Nightly Sleep Quality"}, {"Sleep Quality", "Daily Sleep Quality"}]
    names = ("Sleep Quality", "Nightly Sleep Quality", "Daily Sleep Quality")
    mine([dialogue(f"{HEALTH} / Sleep / {name} = {number}") for number, name in enumerate(names)])
    assert len([path for path in mined() if path.startswith(f"{HEALTH} > Sleep > ")]) == 2


def test_what_was_proposed_stays_where_nothing_is_expanded(
    mine: Mine, mined: Any, model: MiningModel
) -> None:
    model.extra = {"Sleep": ["Dream Recall"]}
    mine([SLEEP], expand=12)
    mine([SLEEP, GENRE], expand=0)
    assert f"{HEALTH} > Sleep > Dream Recall" in mined()


def test_what_mining_retired_comes_back_with_evidence(
    mine: Mine, api: DeepPersona, taxonomy: str, model: MiningModel, by_hand: ByHand
) -> None:
    model.extra = {"Sleep": ["Dream Recall"]}
    mine([SLEEP, GENRE], expand=12)
    people = list(api.generate(1, taxonomy=taxonomy, depth=3, population=f"{taxonomy}-people", seed=3))
    assert "Dream Recall" in {trait.path[-1] for trait in people[0].traits}
    more = [dialogue(f"{HEALTH} / Sleep / {name} = a") for name in ("Snoring Volume", "Nap Custom")]
    mine(more, expand=1)
    retired = "MATCH (a:Attribute {taxonomy: $name, name: 'Dream Recall'}) RETURN coalesce(a.retired, false)"
    assert by_hand(retired, name=taxonomy) == {(True,)}
    mine([dialogue(f"{HEALTH} / Sleep / Dream Recall = vivid")], expand=1)
    api.delete(population=f"{taxonomy}-people")
    assert by_hand(retired, name=taxonomy) == {(False,)}
