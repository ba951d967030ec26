"""`deeppersona taxonomy`: data on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from neo4j import GraphDatabase

from deeppersona_graph.cli.main import app
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.model.tree import attribute_id
from deeppersona_graph.settings import Settings

Run = Callable[..., Any]
live = pytest.mark.live

ODD = ["[bold]loud[/bold]", ":smile:", "[/]", "Robert'); DETACH DELETE n //", "👩‍👩‍👧", "a > b", "$x {y}"]
NOISY = "two\nlines \x1b[31mred"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group of the command line."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, (*path, name))

    return walk(typer.main.get_command(app), ())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tree.jsonl"
    records: list[dict[str, Any]] = [
        {"path": ["Drinks", "Tea"], "value_type": "categorical", "values": ["green", "black"]},
        {"path": ["Drinks", "Tea", "Sugar"], "value_type": "ordinal", "values": ["none", "some"]},
        {"path": ["Drinks", "Coffee"], "retired": True},
        {"path": [NOISY, "leaf"], "proposed": True},
        *({"path": ["Odd", name]} for name in ODD),
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.fixture
def by_hand(settings: Settings, taxonomy: str) -> Callable[[str], None]:
    """Runs Cypher through a driver of its own, `$t` the taxonomy of the test."""

    def typed(cypher: str) -> None:
        endpoint = ensure_running(settings)
        with GraphDatabase.driver(endpoint.uri, auth=(endpoint.username, endpoint.password)) as driver:
            driver.execute_query(cypher, t=taxonomy)

    return typed


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_explains_itself(run: Run, path: tuple[str, ...]) -> None:
    helped = run(*path, "--help")
    assert (helped.code, helped.err) == (0, "")
    assert "Usage: " in helped.out


@live
def test_import_says_what_it_did(taxonomy_command: Run, taxonomy: str, file: Path) -> None:
    done = taxonomy_command("import", str(file))
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(f" nodes imported as the taxonomy {taxonomy}\n")
    again = taxonomy_command("import", str(file))
    assert again.code == 2
    assert again.refusal.startswith(f"the taxonomy '{taxonomy}' exists already")


@live
def test_every_command_gives_json(
    taxonomy_command: Run, taxonomy: str, file: Path, tmp_path: Path, by_hand: Callable[[str], None]
) -> None:
    imported = taxonomy_command("import", str(file), "--json")
    assert (imported.code, imported.err) == (0, "")
    nodes = imported.data["nodes"]
    assert imported.data == {"taxonomy": taxonomy, "version": 1, "nodes": nodes}

    target = tmp_path / "again.jsonl"
    exported = taxonomy_command("export", str(target), "--json")
    assert exported.data == {"file": str(target), "nodes": nodes}
    assert len(target.read_text(encoding="utf-8").split("\n")) == nodes + 1

    tea = ("Drinks", "Tea")
    assert taxonomy_command("tree", "Drinks", "--json").data == [
        {"path": ["Drinks"], "id": attribute_id(("Drinks",)), "below": 3, "type": None},
        {"path": ["Drinks", "Coffee"], "id": attribute_id(("Drinks", "Coffee")), "below": 0, "type": None},
        {"path": list(tea), "id": attribute_id(tea), "below": 1, "type": "categorical"},
    ]
    stats = taxonomy_command("stats", "--json").data
    assert (stats["name"], stats["version"], stats["nodes"], stats["retired"]) == (taxonomy, 1, nodes, 1)
    assert stats["by_root"]["Drinks"] == {"nodes": 4, "support": 0}
    assert stats["by_root"][NOISY] == {"nodes": 2, "support": 0}
    assert 0 < stats["balance"] < 1
    assert (stats["proposed"], stats["evidenced"], stats["exchanges"]) == (1, 0, 0)
    assert (stats["evidence_balance"], stats["support_gini"], stats["leaf_support_gini"]) == (None,) * 3
    assert sum(stats["by_depth"].values()) == sum(stats["by_type"].values()) == nodes

    hits = taxonomy_command("search", "sweetening a cup of tea", "--limit", "2", "--json").data
    assert {tuple(hit["path"]) for hit in hits} == {tea, (*tea, "Sugar")}
    assert all(set(hit) == {"id", "path", "similarity"} and -1 <= hit["similarity"] <= 1 for hit in hits)

    by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->(:Attribute {name: 'Cup'})"
    )
    assert taxonomy_command("sync", "--json").data == {
        "version": 2,
        "added": [[*tea, "Cup"]],
        "moved": [],
        "values": 0,
        "removed": 0,
        "other": False,
        "differences": [{"what": "added", "path": [*tea, "Cup"], "text": "Drinks > Tea > Cup"}],
        "lost": 0,
        "changed": True,
    }
    assert taxonomy_command("sync", "--json").data["changed"] is False
    assert "embedding_model" in taxonomy_command("embed", "--json").data


@live
def test_names_come_to_the_terminal_unharmed(taxonomy_command: Run, file: Path) -> None:
    taxonomy_command("import", str(file))
    tree = taxonomy_command("tree", "Odd")
    assert tree.out.split("\n")[1:-1] == [f"  {name}  " for name in sorted(ODD)]
    found = taxonomy_command("search", "anything", "--limit", "100").out
    assert {line[8:] for line in found.split("\n")} >= {f"Odd > {name}" for name in ODD}


@live
def test_line_breaks_and_escapes_in_names_are_spelled_out(taxonomy_command: Run, file: Path) -> None:
    taxonomy_command("import", str(file))
    shown = r"two\nlines \x1b[31mred"
    tree, stats = taxonomy_command("tree", NOISY), taxonomy_command("stats")
    assert tree.out.split("\n") == [f"{shown} (1)", "  leaf   [proposed]", ""]
    assert f"{shown} 2" in {" ".join(row.split()) for row in stats.out.split("\n")}
    assert f"{shown} > leaf" in taxonomy_command("search", "red lines", "--limit", "100").out


@live
def test_the_tree_marks_what_is_special(
    taxonomy_command: Run, file: Path, by_hand: Callable[[str], None]
) -> None:
    taxonomy_command("import", str(file))
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->(:Attribute {name: 'Cup'})"
    )
    assert taxonomy_command("tree", "Drinks", "--levels", "3").out.split("\n") == [
        "Drinks (4)",
        "  Coffee   [retired]",
        "  Tea (2)",
        "    Cup  ordinal [generic]",
        "    Sugar  ordinal",
        "",
    ]
    assert "Age  number [core]" in taxonomy_command("tree", "age").out


@live
def test_stats_give_the_figures(taxonomy_command: Run, taxonomy: str, file: Path) -> None:
    taxonomy_command("import", str(file))
    lines = taxonomy_command("stats").out.split("\n")
    assert lines[0] == f"taxonomy {taxonomy}, version 1"
    assert lines[1].endswith("18 of the core, 1 retired")
    assert "0 exchanges evidence 0 nodes; 1 proposed without evidence" in lines
    assert any(line.startswith("balance of nodes: 0.") for line in lines)
    assert "evidence:" not in "".join(lines)
    assert ["Drinks", "4"] in [line.split() for line in lines]


@live
def test_stats_tell_the_evidence_where_there_is_any(
    taxonomy_command: Run, file: Path, by_hand: Callable[[str], None]
) -> None:
    taxonomy_command("import", str(file))
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.name IN ['Drinks', 'Tea', 'Sugar'] SET a.support = 2 "
        "WITH a WHERE a.name = 'Sugar' UNWIND [1, 2] AS n "
        "CREATE (:Exchange {taxonomy: $t, id: $t + toString(n)})-[:EVIDENCES]->(a)"
    )
    found = taxonomy_command("stats", "--json").data
    assert (found["exchanges"], found["evidenced"], found["by_root"]["Drinks"]["support"]) == (2, 3, 2)
    assert (found["evidence_balance"], found["support_gini"], found["leaf_support_gini"]) == (0, 0, 0)
    lines = taxonomy_command("stats").out.split("\n")
    assert "2 exchanges evidence 3 nodes; 1 proposed without evidence" in lines
    assert ["Drinks", "4", "2"] in [line.split() for line in lines]
    assert any(line.startswith("balance of evidence: 0.000") for line in lines)


@live
def test_export_takes_its_format_from_the_name_or_the_option(
    taxonomy_command: Run, file: Path, tmp_path: Path
) -> None:
    taxonomy_command("import", str(file))
    begins = {
        "a.jsonl": "{\"path\": [", "a.json": "{\n", "a.csv": "id,path,root,level_2,", "a.graphml": "<?xml",
        "a.ttl": "@prefix", "a.rdf": "<?xml", "a.jsonld": "[", "a.html": "<!DOCTYPE html>",
    }  # fmt: skip
    for name, beginning in begins.items():
        done = taxonomy_command("export", str(tmp_path / name))
        assert (done.code, done.out) == (0, "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)
    taxonomy_command("export", str(tmp_path / "graph.json"), "--format", "node-link")
    assert {"nodes", "edges"} < set(json.loads((tmp_path / "graph.json").read_text(encoding="utf-8")))


def test_export_to_a_name_of_no_format_names_the_choices(run: Run, bare: Path) -> None:
    refused = run("taxonomy", "export", "tree.xlsx", "--uri", "bolt://127.0.0.1:1")
    assert refused.code == 2
    assert refused.refusal.startswith("tree.xlsx ends in '.xlsx'; expected one of .jsonl, .json, .csv")
    assert "sunburst-html" in refused.refusal
    assert list(bare.iterdir()) == []


@live
@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("import", "nowhere.jsonl"), 2, "cannot read nowhere.jsonl: No such file or directory"),
        (("import", "."), 2, "cannot read .: Is a directory"),
        (("tree",), 2, "no taxonomy is called"),
        (("stats",), 2, "no taxonomy is called"),
        (("search", "tea"), 2, "no taxonomy is called"),
        (("sync",), 2, "no taxonomy is called"),
        (("embed",), 2, "no taxonomy is called"),
        (("export", "tree.jsonl"), 2, "no taxonomy is called"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said_in_one_line(
    taxonomy_command: Run, bare: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    done = taxonomy_command(*arguments)
    assert done.code == code
    assert done.refusal.startswith(reason)
    assert list(bare.iterdir()) == []


@live
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("tree", "Drunks"), "no attribute is called 'Drunks'; nearest: 'Drinks'"),
        (("tree", '["Drinks", "Milk"]'), """no attribute is called '["Drinks", "Milk"]'"""),
        (("export", "no/such/folder/tree.jsonl"), "cannot write no/such/folder/tree.jsonl: No such file"),
    ],
)
def test_what_is_not_in_the_tree_is_said_in_one_line(
    taxonomy_command: Run, file: Path, arguments: tuple[str, ...], reason: str
) -> None:
    taxonomy_command("import", str(file))
    done = taxonomy_command(*arguments)
    assert (done.code, reason in done.refusal) == (2, True)


@live
def test_a_malformed_file_is_refused_with_its_line(taxonomy_command: Run, file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + '\n{"path": ["Half', encoding="utf-8")
    done = taxonomy_command("import", str(file))
    assert done.code == 2
    assert f"{file}, line {5 + len(ODD)}: Invalid JSON" in done.refusal
    assert taxonomy_command("stats").refusal.startswith("no taxonomy is called")


@live
def test_what_is_no_tree_any_more_is_refused(
    taxonomy_command: Run, file: Path, by_hand: Callable[[str], None]
) -> None:
    taxonomy_command("import", str(file))
    by_hand("MATCH ()-[e:HAS_CHILD]->(:Attribute {taxonomy: $t, name: 'Tea'}) DELETE e")
    for command in (("sync",), ("tree",), ("stats",), ("search", "tea")):
        done = taxonomy_command(*command)
        assert (done.code, "'Tea' hangs under no attribute" in done.refusal) == (2, True)


@live
def test_vectors_of_another_model_name_the_command_that_makes_new_ones(
    taxonomy_command: Run, taxonomy: str, file: Path, by_hand: Callable[[str], None]
) -> None:
    taxonomy_command("import", str(file))
    by_hand("MATCH (t:Taxonomy {name: $t}) SET t.embedding_model = 'another'")
    done = taxonomy_command("search", "tea")
    assert done.code == 3
    assert f"run `deeppersona taxonomy embed --taxonomy {taxonomy}`" in done.refusal
    made = taxonomy_command("embed")
    assert (made.code, made.out) == (0, "")
    assert made.err.startswith("all vectors are from ")
    assert taxonomy_command("search", "tea").code == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("import",), "Missing argument"),
        (("import", "x.json"), "Missing option '--taxonomy'"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("search", "tea", "--limit", "0"), "Invalid value for '--limit'"),
        (("search", "tea", "--limit", "99999999999999999999"), "Invalid value for '--limit'"),
        (("tree", "--levels", "many"), "Invalid value for '--levels'"),
        (("stats", "--colour"), "No such option: --colour"),
    ],
)
def test_wrong_usage_is_code_2(run: Run, arguments: tuple[str, ...], part: str) -> None:
    done = run("taxonomy", *arguments)
    assert (done.code, done.out, "Traceback" in done.err) == (2, "", False)
    assert part in done.err


@live
def test_commands_in_processes_of_their_own_keep_to_their_streams(
    process: Run, server: tuple[str, ...], taxonomy: str, file: Path
) -> None:
    own = ("--taxonomy", taxonomy, *server)
    imported = process("taxonomy", "import", str(file), *own)
    assert (imported.code, imported.out) == (0, "")
    tree = process("taxonomy", "tree", "Odd", "--json", *own)
    assert (tree.code, tree.err) == (0, "")
    assert [line["path"][-1] for line in tree.data] == ["Odd", *sorted(ODD)]
    refused = process("taxonomy", "tree", "Drunks", *own)
    assert (refused.code, "nearest: 'Drinks'" in refused.refusal) == (2, True)


@live
def test_the_environment_names_the_taxonomy(
    run: Run, taxonomy_command: Run, server: tuple[str, ...], taxonomy: str, file: Path
) -> None:
    taxonomy_command("import", str(file))
    named = run("taxonomy", "stats", "--json", *server, DEEPPERSONA_TAXONOMY=taxonomy)
    assert named.data["name"] == taxonomy
    assert "DEEPPERSONA_TAXONOMY" not in os.environ
