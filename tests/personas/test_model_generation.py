"""People by a language model, from the first request to the graph: what is asked, in what form, and what of
the answers is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Call, Endpoint, Reply, error, said
from model_endpoint import (
    answering,
    asked_lines,
    open_lines,
    person_answer,
    person_of,
    person_script,
    question,
    record_of,
    schema_name,
)
from whole_people import faults_of

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.llm.store import open_store
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]
Rows = list[dict[str, Any]]
DEPTH = 14


def _wanted(tree: Tree, population: str, **rest: Any) -> dict[str, Any]:
    return {"population": population, "taxonomy": tree.name, "depth": DEPTH, "seed": 3, **rest}


def _schemas(endpoint: Endpoint) -> Counter[str]:
    return Counter(schema_name(call) for call in endpoint.calls)


def test_every_value_of_a_model_names_the_request_that_is_in_the_store_and_the_run_what_it_took(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint, cypher: Callable[..., Rows]
) -> None:
    dp = asking()
    run = dp.generate(6, **_wanted(small, population))
    people = list(run)
    assert [faults_of(person, small, DEPTH) for person in people] == [[]] * 6
    with open_store(dp.settings) as store:
        known = {answer.key: json.loads(answer.raw.text) for answer in store.answers()}
    requests = {
        (person.id, trait.attribute): trait.request
        for person in people
        for trait in (*person.core, *person.traits)
        if trait.source == "model"
    }
    told = {key for person in people for key in person.narrative_requests}
    assert set(requests.values()) | told <= known.keys()
    assert len(requests) == 6 * (DEPTH + 4)
    for person in people:
        assert known[person.narrative_requests[0]]["text"] == person.narrative
        (story,) = (trait for trait in person.core if trait.path[-1] == "Life Story")
        assert tuple(known[str(story.request)]["stories"]) == person.inner.stories
    edges = cypher(
        "MATCH (p:Persona {population: $p})-[has:HAS]->(a) WHERE has.source = 'model' "
        "RETURN p.id AS person, a.id AS attribute, has.request AS request, has.run AS run",
        p=population,
    )
    assert {(row["person"], row["attribute"]): row["request"] for row in edges} == requests
    assert {row["run"] for row in edges} == {run.run}
    (ended,) = cypher("MATCH (r:Run {population: $p}) RETURN properties(r) AS all", p=population)
    calls = len(endpoint.calls)
    expected = {"state": "finished", "model": "gpt-4o-mini", "tokens_sent": 100 * calls}
    assert ended["all"] | expected | {"tokens_received": 20 * calls} == ended["all"]
    assert ended["all"]["cost"] > 0


@pytest.mark.parametrize(
    ("how", "fewest"), [({"chunk": 1}, DEPTH), ({"chunk": 16}, 1), ({"fill": "all-at-once"}, 1)]
)
def test_whatever_the_chunk_people_have_exactly_the_depth(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint, how: dict[str, Any], fewest: int
) -> None:
    people = list(asking().generate(5, **_wanted(small, population, **how)))
    assert [faults_of(person, small, DEPTH) for person in people] == [[]] * 5
    fills = [call for call in endpoint.calls if schema_name(call) == "AttributeValues"]
    firsts = [call for call in fills if len(call.body["messages"]) == 2]
    assert max(len(asked_lines(call)) for call in firsts) == min(how.get("chunk", DEPTH), DEPTH)
    assert len(firsts) >= 5 * fewest


def test_each_request_of_a_person_begins_with_all_that_the_one_before_knew(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    """So a provider's prompt cache holds all but the newest lines."""
    people = list(asking().generate(4, **_wanted(small, population, chunk=3)))
    by_person = defaultdict(list)
    for call in endpoint.calls:
        if schema_name(call) == "AttributeValues":
            assert call.body["messages"][0] == endpoint_system(endpoint)
            by_person[person_of(call)].append(call)
    assert len(by_person) == len(people)
    for calls in by_person.values():
        firsts = [call for call in calls if len(call.body["messages"]) == 2]
        assert len(firsts) >= 5
        records = [record_of(call).removeprefix("nothing yet") for call in firsts]
        for before, after in pairwise(records):
            assert after.startswith(before)
            assert before in ("", after) or after[len(before)] == "\n"
        for call in calls:
            first = next(one for one in firsts if question(one) == question(call))
            assert call.body["messages"][:2] == first.body["messages"]


def endpoint_system(endpoint: Endpoint) -> Any:
    """The unchanging part of the first request for attributes."""
    first = next(call for call in endpoint.calls if schema_name(call) == "AttributeValues")
    return first.body["messages"][0]


def _flat(imported: Callable[..., Tree]) -> Tree:
    """Thirty attributes that require and exclude nothing."""
    return imported(
        [
            json.dumps(
                {"path": [f"Root {n % 3}", f"Leaf {n}"], "value_type": "ordinal", "values": ["x", "y"]}
            )
            for n in range(30)
        ]
    )


@pytest.mark.parametrize("chunk", [1, 4])
def test_an_attribute_refused_twice_gives_its_place_to_the_next_of_its_stratum(
    asking: Asking, imported: Callable[..., Tree], population: str, endpoint: Endpoint, chunk: int
) -> None:
    tree = _flat(imported)
    (longer,) = asking("longer").generate(1, **_wanted(tree, population, depth=20, chunk=chunk))
    asking("longer").delete(population=population)
    (usual,) = asking("usual").generate(1, **_wanted(tree, population, depth=10, chunk=chunk))
    asking("usual").delete(population=population)
    refused = usual.traits[0]

    def never(call: Call, good: dict[str, Any]) -> dict[str, Any]:
        ids = {one.id for one in open_lines(call) if one.attribute == refused.path[-1]}
        return {
            "attributes": [
                {**one, "values": ["z"]} if one["id"] in ids else one for one in good["attributes"]
            ]
        }

    endpoint.script = answering(never, "AttributeValues")
    endpoint.calls.clear()
    (person,) = asking("refusing").generate(1, **_wanted(tree, population, depth=10, chunk=chunk))
    for stratum in ("near", "middle", "far"):
        arrivals = [one.path for one in longer.traits if one.stratum == stratum and one.path != refused.path]
        found = [one.path for one in person.traits if one.stratum == stratum]
        assert found == arrivals[: len(found)]
    assert len(person.traits) == 10
    asked = [
        call
        for call in endpoint.calls
        if schema_name(call) == "AttributeValues"
        and refused.path[-1] in [one.attribute for one in open_lines(call)]
    ]
    assert len(asked) == 2
    assert "'z' is no value of" in asked[1].words


def test_what_is_given_of_the_inner_core_is_kept_to_the_letter_and_not_asked_for(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    given = {
        "values": "Own  values, to the letter",
        "attitude": "own attitude; no full stop",
        "story": ["One day,\n\na short story.", "Another; with = and > in it"],
        "interests": ["chess at night"],
    }
    people = list(asking().generate(3, **_wanted(small, population, anchors=given)))
    for person in people:
        inner = person.inner
        assert (inner.orientation, inner.values, inner.attitude) == (
            "given",
            given["values"],
            given["attitude"],
        )
        assert (list(inner.stories), list(inner.interests)) == (given["story"], given["interests"])
        assert faults_of(person, small, DEPTH) == []
        assert {one.path[-1] for one in person.core if one.source == "model"} == set()
    assert _schemas(endpoint).keys() == {"Attitude", "AttributeValues", "Portrait"}
    assert all(
        str(given["attitude"]) in call.text for call in endpoint.calls if schema_name(call) != "Attitude"
    )


def test_a_biography_becomes_anchors_and_yields_where_the_user_says_otherwise(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    text = (
        "age=34; sex=female; occupation=nurse; city=Nowhere at all; education=very learned; "
        "values=Never owe anybody; interests=chess; Verse=often; Pet=dog; Feared=spiders and mice; Song=loud"
    )
    wanted = _wanted(small, population, bio=text, anchors=["Pet=cat", "sex=male", "Night Pay=3.25"])
    people = list(asking().generate(3, **wanted))
    assert _schemas(endpoint)["ReadBiography"] == _schemas(endpoint)["PlacedFacts"] == 1
    for person in people:
        assert faults_of(person, small, DEPTH) == []
        situation, inner = person.situation, person.inner
        assert (situation.age, situation.sex, situation.occupation) == (34, "male", "nurse")
        assert (inner.values, inner.interests) == ("Never owe anybody", ("chess",))
        values = {one.path[-1]: (one.value, one.source) for one in person.traits}
        assert values["Verse"] == ("often", "given")
        assert values["Feared"] == (("spiders", "mice"), "given")
        assert (values["Pet"], values["Night Pay"]) == (("cat", "given"), (3.25, "given"))
        assert person.biography == text
        kept = " ".join(person.read)
        assert all(one in kept for one in ("age=34", "occupation=nurse", "Verse", "Feared"))
        assert not any(one in kept for one in ("sex=", "Nowhere", "learned", "Pet", "Song"))
    assert _schemas(endpoint)["CoreValues"] == _schemas(endpoint)["Interests"] == 0


NARRATIVES = {"none": 0, "concise": 1, "rich": 1, "biography": 4}
"""The requests of each, at most."""


@pytest.mark.parametrize("narrative", NARRATIVES)
def test_every_kind_of_narrative_has_its_length(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint, narrative: str
) -> None:
    people = list(asking().generate(2, **_wanted(small, population, narrative=narrative)))
    assert [faults_of(person, small, DEPTH, narrative) for person in people] == [[], []]
    domains = [len({one.path[0] for one in person.traits}) for person in people]
    expected = sum(domains) if narrative == "biography" else 2 * NARRATIVES[narrative]
    assert _schemas(endpoint)["Portrait"] == expected
    if narrative == "biography":
        for person in people:
            headings = [part for part in person.narrative.split("\n\n") if len(part.split()) < 5]
            assert set(headings) == {one.path[0] for one in person.traits}


def test_without_a_core_profile_nothing_of_one_is_asked_or_told(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    people = list(asking().generate(2, **_wanted(small, population, core=False, anchors=["Night Pay=3.25"])))
    assert _schemas(endpoint).keys() == {"AttributeValues", "Portrait"}
    for person in people:
        assert len(person.traits) == DEPTH
        assert (person.inner.values, person.inner.stories, person.inner.interests) == ("", (), ())
        assert 150 <= len(person.narrative.split()) <= 400
    for call in endpoint.calls:
        if schema_name(call) == "AttributeValues":
            assert person_of(call).startswith("A person.\n")
            assert "Night Pay: 3.25" in person_of(call)


def test_a_story_that_is_too_short_is_asked_for_again_with_the_reason(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    def brief(call: Call, good: dict[str, Any]) -> dict[str, Any]:
        if len(call.body["messages"]) > 2:
            return good
        return {"stories": [" ".join(story.split()[:120]) for story in good["stories"]]}

    endpoint.script = answering(brief, "Stories")
    people = list(asking().generate(3, **_wanted(small, population)))
    assert [faults_of(person, small, DEPTH) for person in people] == [[]] * 3
    assert all(150 <= len(story.split()) <= 200 for person in people for story in person.inner.stories)
    again = [
        call for call in endpoint.calls if schema_name(call) == "Stories" and call.words != question(call)
    ]
    assert len(again) == 3
    assert all("story 1 has 120 words" in call.words and "150 to 200" in call.words for call in again)


@pytest.mark.parametrize(
    ("schema", "change", "says"),
    [
        ("Stories", {"stories": ["too short"] * 3}, "words; 150 to 200 are wanted"),
        ("Stories", {"stories": []}, "0 stories came"),
        ("Interests", {"interests": []}, "0 interests came"),
        ("Portrait", {"text": "no"}, "1 words; 150 to 400 are wanted"),
        ("Attitude", {"attitude": "x", "attitude_details": "", "coping_mechanism": "y"}, "attitude_details"),
    ],
)
def test_what_never_comes_as_it_must_be_is_named_with_the_person(
    asking: Asking,
    small: Tree,
    population: str,
    endpoint: Endpoint,
    schema: str,
    change: dict[str, Any],
    says: str,
) -> None:
    endpoint.script = answering(lambda _call, _good: change, schema)
    dp = asking()
    run = dp.generate(2, **_wanted(small, population))
    assert list(run) == []
    assert [name for name, _ in sorted(run.failed)] == ["#0", "#1"]
    assert any(says in reason for _, reason in run.failed) or "stories came" in run.failed[0][1]
    endpoint.script = person_script
    assert len(list(dp.generate(2, **_wanted(small, population)))) == 2


def test_a_text_that_a_given_anchor_requires_is_asked_for_among_what_it_requires(
    asking: Asking, imported: Callable[..., Tree], population: str, endpoint: Endpoint
) -> None:
    tree = imported(
        [
            json.dumps(
                {"path": ["Food", "Feeding"], "value_type": "text", "values": ["scraps", "tins", "hay"]}
            ),
            json.dumps(
                {
                    "path": ["Food", "Opener"],
                    "value_type": "ordinal",
                    "values": ["blunt", "sharp"],
                    "applies": {"requires": [{"path": ["Food", "Feeding"], "values": ["tins", "hay"]}]},
                }
            ),
            *(json.dumps({"path": ["Art", f"Leaf {n}"], "value_type": "text"}) for n in range(6)),
        ]
    )
    people = list(asking().generate(3, **_wanted(tree, population, depth=4, anchors=["Opener=sharp"])))
    assert [faults_of(person, tree, 4) for person in people] == [[]] * 3
    assert {one.value for person in people for one in person.traits if one.path[-1] == "Feeding"} <= {
        "tins",
        "hay",
    }
    asked = [
        one for call in endpoint.calls if schema_name(call) == "AttributeValues" for one in asked_lines(call)
    ]
    assert {frozenset(one.options) for one in asked if one.attribute == "Feeding"} == {
        frozenset({"tins", "hay"})
    }


# The key


def _leaking(call: Call) -> Reply:
    """Errors and answers that quote the key, wherever there is room for it."""
    secret = call.authorization
    if call.number == 1 and len(call.body["messages"]) == 2:
        return error(500, f"crashed with {secret}")
    good = person_answer(call)
    if schema_name(call) == "AttributeValues":
        for one in good["attributes"]:
            one["values"] = [value if len(value.split()) < 4 else secret for value in one["values"]]
    if schema_name(call) == "Stories":
        good["stories"] = [f"{secret} {story}" for story in good["stories"]]
    if schema_name(call) == "Portrait":
        good["text"] += f" {secret}"
    return said(json.dumps(good))


LOCKED_OUT = "Incorrect API key provided: {}"


def test_the_key_is_nowhere_in_graph_store_files_or_output(
    small: Tree,
    population: str,
    endpoint: Endpoint,
    environment: dict[str, str],
    cypher: Callable[..., Rows],
) -> None:
    command = [sys.executable, "-c", "from deeppersona_graph.cli.main import main; main()"]
    command += ["--debug", "generate", "--population", population, "--taxonomy", small.name, "--seed", "4"]
    command += ["--depth", "38", "--chunk", "16", "--json", "--count"]
    scripts: list[tuple[Callable[[Call], Reply], list[str], int]] = [
        (lambda call: error(401, LOCKED_OUT.format(call.authorization)), ["2"], 1),
        (lambda _: said(None, refusal=f"Not with {KEY}"), ["2"], 1),
        (_leaking, ["2"], 0),
        (_leaking, ["4", "--via", "batch"], 0),
    ]
    printed = []
    for script, arguments, code in scripts:
        endpoint.script = script
        done = subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode == 0) == (code == 0), done.stderr
        printed += [done.stdout, done.stderr]
    assert any(call.authorization == f"Bearer {KEY}" for call in endpoint.calls)
    assert any("[key]" in text for text in printed)
    data = Path(environment["DEEPPERSONA_DATA_DIR"])
    files = {file.name: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    assert {"answers.sqlite"} < files.keys()
    assert any(name.startswith("wave-001") for name in files)
    nodes = cypher(
        "MATCH (n) WHERE n.population = $p OR (n:Population AND n.name = $p) OPTIONAL MATCH (n)-[r]->() "
        "RETURN properties(n) AS node, collect(properties(r)) AS edges",
        p=population,
    )
    assert len(nodes) >= 4
    kept = repr(nodes)
    assert "[key]" in kept
    assert KEY not in kept
    assert [text for text in printed if KEY in text] == []
    assert [name for name, content in files.items() if KEY.encode() in content] == []
