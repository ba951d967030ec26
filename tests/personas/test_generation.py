"""Generation from end to end on a real server: reproducible, consistent, whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.errors import DepthError, InputError, PrerequisiteError, UnknownNameError
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.fill import quotas
from deeppersona_graph.personas.violations import domains, violations
from deeppersona_graph.settings import Settings

pytestmark = pytest.mark.live

Rows = list[dict[str, Any]]
Export = Callable[..., str]
SMALL_DEPTH = 14
PEOPLE = (
    "MATCH (:Population {name: $p})-[:CONTAINS]->(x:Persona) RETURN x.index AS index, properties(x) AS all"
)


@pytest.fixture
def exported(api: DeepPersona, small: Tree, population: str, tmp_path: Path) -> Iterator[Export]:
    """Makes a population of the small tree, in one or more steps, and gives its JSONL without name and id."""
    used: set[str] = set()

    def make(*counts: int, by: DeepPersona = api, mark: str = "", **wanted: Any) -> str:
        name = population + mark
        used.add(name)
        for count in counts:
            wanted = {"taxonomy": small.name, "depth": SMALL_DEPTH, "seed": 1, "beta": 1.0, **wanted}
            list(by.generate(count, population=name, **wanted))
        file = tmp_path / f"people{mark}.jsonl"
        by.export(name, file)
        return anonymous(file.read_text("utf-8"), name)

    yield make
    for name in used - {population}:
        api.delete(population=name)


def anonymous(lines: str, population: str) -> str:
    """JSONL without what the name of the population decides: it and the ids."""
    return re.sub(r'"id": "[0-9a-f]{16}"', '"id": ""', lines).replace(json.dumps(population), '""')


def test_the_same_seed_gives_the_same_bytes_and_another_differs(exported: Export) -> None:
    first = exported(7, mark="-a")
    assert exported(7, mark="-b") == first
    other = exported(7, mark="-c", seed=2)
    assert len(set(first.splitlines()) | set(other.splitlines())) == 14


def test_another_taxonomy_of_the_same_tree_gives_the_same_bytes(
    api: DeepPersona, exported: Export, small: Tree, tmp_path: Path
) -> None:
    copy, file = small.name + "-copy", tmp_path / "tree.jsonl"
    api.import_taxonomy(file, copy)
    try:
        found = exported(5, mark="-b", taxonomy=copy)
        assert found.replace(json.dumps(copy), json.dumps(small.name)) == exported(5, mark="-a")
    finally:
        from deeppersona_graph.taxonomy.store import erase_tree

        erase_tree(api.graph, copy)


def test_another_data_folder_gives_the_same_bytes(
    api: DeepPersona, settings: Settings, exported: Export, tmp_path: Path
) -> None:
    """With a cache of vectors of its own, so that texts are embedded anew and in other company."""
    first = exported(7, mark="-a")
    with DeepPersona(settings) as other:
        other.__dict__["embedder"] = load_embedder(
            settings.model_copy(update={"data_dir": tmp_path / "data"})
        )
        other.__dict__["graph"] = api.graph
        assert exported(2, 7, by=other, mark="-b") == first
        del other.__dict__["graph"]


def test_made_in_steps_is_made_at_once(exported: Export) -> None:
    """Beyond a batch of fifty, uses of earlier batches counting."""
    at_once = exported(53, mark="-a")
    assert exported(3, 10, 53, mark="-b") == at_once
    assert at_once.startswith(exported(3, mark="-c"))


def test_uses_of_earlier_batches_weigh_on_later_people(exported: Export) -> None:
    def last(lines: str) -> list[Any]:
        return [json.loads(line)["attributes"] for line in lines.splitlines()[50:]]

    with_uses, without = exported(53, mark="-a", beta=3.0), exported(53, mark="-b", beta=0.0)
    assert last(with_uses) != last(without)


def test_a_finished_population_has_nothing_left_to_do(
    api: DeepPersona, small: Tree, population: str, cypher: Callable[..., Rows]
) -> None:
    wanted: dict[str, Any] = {"population": population, "taxonomy": small.name, "depth": 9, "seed": 4}
    made = list(api.generate(4, **wanted))
    before = cypher(PEOPLE, p=population)
    for count in (4, 2):
        run = api.generate(count, **wanted)
        assert run.missing == 0
        assert run.ids == tuple(person.id for person in made[:count])
        assert list(run) == []
    assert cypher(PEOPLE, p=population) == before
    assert [person.index for person in api.generate(6, **wanted)] == [4, 5]


def test_people_who_were_deleted_come_back_the_same(api: DeepPersona, small: Tree, population: str) -> None:
    wanted: dict[str, Any] = {"population": population, "taxonomy": small.name, "depth": 9, "seed": 4}
    made = list(api.generate(5, **wanted))
    assert api.delete(personas=[made[1].id, made[3].id]) == 2
    assert list(api.generate(5, **wanted)) == [made[1], made[3]]
    assert list(api.personas(population)) == made


@pytest.mark.parametrize(
    "change",
    [{"depth": 10}, {"seed": 5}, {"country": "Canada"}, {"bias": {"Art": 2}}, {"anchors": ["age=40"]}],
)
def test_another_specification_for_the_same_population_is_refused(
    api: DeepPersona, small: Tree, population: str, cypher: Callable[..., Rows], change: dict[str, Any]
) -> None:
    wanted: dict[str, Any] = {"population": population, "taxonomy": small.name, "depth": 9, "seed": 4}
    list(api.generate(2, **wanted))
    before = cypher(PEOPLE, p=population)
    with pytest.raises(InputError, match=f"the population {population!r} was made with .*choose another"):
        api.generate(3, **{**wanted, **change})
    assert cypher(PEOPLE, p=population) == before
    assert cypher("MATCH (r:Run {population: $p}) RETURN r.state AS state", p=population) == [
        {"state": "finished"}
    ]


MIXED: list[dict[str, Any]] = [
    {},
    {"age": (16, 17), "sampling": "uniform"},
    {"age": (75, 100), "strata": (2, 3, 5)},
    {"country": ["Japan", "Brazil", "Nigeria"], "gender": "male", "alpha": 0.0, "beta": 1.0},
    {"anchors": ["employment=student"], "bias": {"Career and Work Identity": 5.0}, "alpha": 2.0},
    {"anchors": ["Ambition Level=Boundless", "Fair Rate=20", "faith=none"], "sampling": "uniform"},
]
"""Ten people each."""


@pytest.mark.parametrize("wanted", MIXED, ids=["plain", "young", "old", "abroad", "students", "given"])
def test_people_of_two_hundred_attributes_are_consistent(
    api: DeepPersona, human: Tree, population: str, wanted: dict[str, Any]
) -> None:
    people = list(api.generate(10, population=population, seed=77, **wanted))
    shares = dict(zip(("near", "middle", "far"), quotas(200, wanted.get("strata", (5, 3, 2))), strict=True))
    keys = set(human.core) - {"occupation"}
    assert [sentence for person in people for sentence in violations(person, human)] == []
    for person in people:
        assert len({one.attribute for one in person.traits}) == len(person.traits) == 200
        assert Counter(one.stratum for one in person.traits) == shares
        assert len(domains(person.traits)) >= 10
        has = {human.by_id[one.attribute].core for one in person.core}
        assert has - {"occupation"} == keys
        assert ("occupation" in has) == (person.situation.occupation is not None)
        assert [one.order for one in person.traits] == list(range(1, 201))
        assert_reads_well(person.narrative)
    assert len({person.situation.name for person in people}) == 10


def assert_reads_well(narrative: str) -> None:
    assert 150 <= len(narrative.split()) <= 400
    assert not set("{}[]<>|") & set(narrative)
    assert not re.search(r"\bNone\b|\bnan\b|  |\.\.|,,| ,| \.|\ba [aeio]", narrative), narrative
    assert all(paragraph and paragraph[-1] in ".!?…”’\"'" for paragraph in narrative.split("\n\n"))


@pytest.mark.parametrize("depth", [1, 7, 40])
def test_the_narrative_keeps_its_length_whatever_the_depth(
    api: DeepPersona, population: str, depth: int
) -> None:
    for person in api.generate(6, population=population, seed=3, depth=depth):
        assert 150 <= len(person.narrative.split()) <= 400


def test_quotas_are_exact_on_a_small_tree_and_dry_strata_pass_on(
    api: DeepPersona, small: Tree, population: str
) -> None:
    people = list(
        api.generate(6, population=population, seed=8, taxonomy=small.name, depth=24, strata=(9, 1, 1))
    )
    for person in people:
        found = Counter(one.stratum for one in person.traits)
        assert sum(found.values()) == 24
        assert found["near"] < 20
        assert violations(person, small) == []


def test_a_tree_with_bare_names_beside_values_is_filled_from_the_values(
    api: DeepPersona, imported: Callable[..., Tree], population: str
) -> None:
    lines = [
        *({"path": ["Root", f"Valued {n}"], "value_type": "ordinal", "values": ["x", "y"]} for n in range(6)),
        *({"path": ["Root", f"Bare {n}"]} for n in range(20)),
        {"path": ["Root", "Typed", "Empty"], "value_type": "text"},
    ]
    tree = imported([json.dumps(line) for line in lines])
    wanted: dict[str, Any] = {"taxonomy": tree.name, "seed": 2, "population": population}
    (person,) = api.generate(1, depth=6, **wanted)
    assert {one.path[-1].split()[0] for one in person.traits} == {"Valued"}
    api.delete(population=population)
    with pytest.raises(DepthError, match="only 6 attributes"):
        list(api.generate(1, depth=7, **wanted))


def test_a_tree_of_bare_names_needs_values_first(
    api: DeepPersona, taxonomy: str, population: str, tmp_path: Path, cypher: Callable[..., Rows]
) -> None:
    file = tmp_path / "names.json"
    file.write_text(json.dumps({"Sport": {"Ball": {}, "Water": {"Rowing": {}}}, "Food": ["Tea", "Bread"]}))
    api.import_taxonomy(file, taxonomy)
    with pytest.raises(PrerequisiteError, match=r"taxonomy describe.*--values model") as caught:
        api.generate(1, taxonomy=taxonomy, population=population, depth=2)
    assert caught.value.exit_code == 3
    assert cypher("MATCH (p:Population {name: $p}) RETURN p", p=population) == []


@pytest.mark.parametrize(
    ("wanted", "kind", "says"),
    [
        ({"bias": {"Artt": 2}}, UnknownNameError, "'Art'"),
        ({"country": "Cananda"}, UnknownNameError, "Canada"),
        ({"taxonomy": "no such tree"}, UnknownNameError, "no taxonomy is called"),
        ({"bias": {"Light": 2}}, InputError, "is the name of 4 attributes"),
        ({"bias": {"Art": -1}}, InputError, "expected a factor from 0 to 1000"),
        ({"bias": {"Art": float("nan")}}, InputError, "expected a factor"),
        ({"alpha": float("nan")}, InputError, "alpha is nan"),
        ({"beta": -0.1}, InputError, "beta is -0.1"),
        ({"depth": 0}, InputError, "a depth of 0"),
        ({"strata": (0, 0, 0)}, InputError, "strata 0:0:0"),
        ({"age": (45, 30)}, InputError, "ages 45 to 30"),
        ({"age": 15}, InputError, "ages 15 to 15"),
        ({"seed": -1}, InputError, "the seed -1 is out of range"),
        ({"count": 0}, InputError, "a count of 0"),
        ({"count": -3}, InputError, "a count of -3"),
        ({"values": "model"}, PrerequisiteError, "no language model"),
        ({"bias": dict.fromkeys(("Animals", "Work", "Home", "Art"), 0)}, DepthError, "only 0 attributes"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_left_behind(
    api: DeepPersona,
    small: Tree,
    population: str,
    cypher: Callable[..., Rows],
    wanted: dict[str, Any],
    kind: type[Exception],
    says: str,
) -> None:
    with pytest.raises(kind) as caught:
        list(
            api.generate(
                **{
                    "count": 2,
                    "population": population,
                    "taxonomy": small.name,
                    "depth": 5,
                    "seed": 1,
                    **wanted,
                }
            )
        )
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    left = cypher(
        "OPTIONAL MATCH (p:Population {name: $p}) OPTIONAL MATCH (r:Run {population: $p}) "
        "RETURN count(p) + count(r) AS left",
        p=population,
    )
    assert left == [{"left": 0}]


def test_someone_who_is_not_listened_to_leaves_whole_people_only(
    api: DeepPersona, small: Tree, population: str, cypher: Callable[..., Rows]
) -> None:
    """The run is left in its second batch; what was stored of it stays, whole."""
    run = api.generate(60, population=population, taxonomy=small.name, depth=9, seed=4)
    for person in run:
        if person.index == 51:
            break
    run._people.close()  # type: ignore[attr-defined]
    counted = cypher(
        "MATCH (:Population {name: $p})-[:CONTAINS]->(x:Persona) "
        "RETURN x.index AS index, COUNT { (x)-[h:HAS]->() WHERE h.order IS NOT NULL } AS has ORDER BY index",
        p=population,
    )
    assert counted == [{"index": index, "has": 9} for index in range(60)]
    assert cypher("MATCH (r:Run {population: $p}) RETURN r.state AS state", p=population) == [
        {"state": "interrupted"}
    ]


def test_depth_that_applies_to_some_only_keeps_the_finished_ones_whole(
    api: DeepPersona, small: Tree, population: str, cypher: Callable[..., Rows]
) -> None:
    with pytest.raises(DepthError):
        list(api.generate(120, population=population, taxonomy=small.name, depth=41, seed=4))
    rows = cypher(
        "MATCH (x:Persona {population: $p}) "
        "RETURN COUNT { (x)-[h:HAS]->() WHERE h.order IS NOT NULL } AS has, x.depth AS depth",
        p=population,
    )
    assert all(row["has"] == row["depth"] for row in rows)
    assert len(rows) % 50 == 0


def test_a_persona_read_back_is_the_one_that_was_made(api: DeepPersona, small: Tree, population: str) -> None:
    anchors = ["Night Pay=3.25", "Feared=mice", "Feared=spiders", 'Feeding=own words; "and" {more}']
    made = list(
        api.generate(
            4, population=population, taxonomy=small.name, depth=14, seed=6, anchors=anchors,
            bio="A short one.", biography_unread=True,
        )
    )  # fmt: skip
    assert list(api.personas(population)) == made
    assert [api.persona(person.id) for person in made] == made
    assert api.persona(made[2].id[:12]) == made[2]
    assert api.persona(made[1].situation.name) == made[1]


def test_names_are_data_from_selection_to_export(
    api: DeepPersona, imported: Callable[..., Tree], population: str, tmp_path: Path
) -> None:
    names = [
        "Robert'); DETACH DELETE n //",
        "a > b",
        "x.y.z",
        '"quoted" \\ back',
        "🫖 tea",
        "[bold]no[/]",
        "{slot}",
    ]
    lines = [
        {
            "path": [name, f"{name} inner", name],
            "value_type": "categorical",
            "values": [f"{name} 1", f"{name} 2"],
        }
        for name in names
    ]
    tree = imported([json.dumps(line) for line in lines])
    anchors = [json.dumps([names[0], f"{names[0]} inner", names[0]]) + f"={names[0]} 2"]
    (person,) = api.generate(
        1, population=population, taxonomy=tree.name, depth=7, seed=1, anchors=anchors, bias={names[1]: 2}
    )
    assert {one.path[0] for one in person.traits} == set(names)
    assert person.traits[0].value == f"{names[0]} 2"
    assert api.export(population, tmp_path / "out.json") == 1
    nested = json.loads((tmp_path / "out.json").read_text("utf-8"))[0]["attributes"]
    for name in names:
        assert nested[name][f"{name} inner"][name] in (f"{name} 1", f"{name} 2")


def persona_ids(people: list[Persona]) -> list[str]:
    return [person.id for person in people]


def test_ids_depend_on_population_seed_and_index(api: DeepPersona, small: Tree, population: str) -> None:
    run = api.generate(2, population=population, taxonomy=small.name, depth=5, seed=1)
    first = persona_ids(list(run))
    assert len(set(first)) == 2
    api.delete(population=population)
    assert (
        persona_ids(list(api.generate(2, population=population, taxonomy=small.name, depth=5, seed=1)))
        == first
    )
    api.delete(population=population)
    other = persona_ids(list(api.generate(2, population=population, taxonomy=small.name, depth=5, seed=2)))
    assert not set(first) & set(other)
