"""The commands that edit the tree: they show what they touch, and refuse in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.live

Run = Callable[..., Any]


@pytest.fixture
def edit(taxonomy_command: Run, tmp_path: Path) -> Run:
    """Runs a command of `deeppersona taxonomy` on a small tree of the test."""
    file = tmp_path / "tree.jsonl"
    records = [
        {"path": ["Drinks", "Tea"], "value_type": "categorical", "values": ["green", "black", "none"]},
        {"path": ["Drinks", "Coffee"], "value_type": "categorical", "values": ["none", "some"]},
        {"path": ["Food", "Milk"], "value_type": "categorical", "values": ["oat", "cow", "none"]},
    ]
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert taxonomy_command("import", str(file)).code == 0
    return taxonomy_command


def test_every_edit_says_what_it_did_and_how_to_take_it_back(edit: Run, taxonomy: str) -> None:
    done = edit("rename", "Tea", "Infusions")
    assert done.code == 0
    assert done.out == "renamed   Drinks > Infusions, before 'Tea'\n"
    assert done.err == (
        "touched 1 attributes, 0 values of theirs\n"
        f"{taxonomy} is at version 2; take it back with: deeppersona taxonomy undo "
        f"--taxonomy {taxonomy}\n"
    )
    assert edit("move", "Milk", "--under", "Drinks").out == "moved     Drinks > Milk, before under Food\n"
    assert edit("add", "Juice", "--under", "Drinks", "--value", "apple=70", "--value", "plum").code == 0
    assert edit("describe", "Juice", "--add-value", "pear=5", "--rename-value", "plum=plums").code == 0
    assert edit("constrain", "Tea=none", "excludes", "Juice=apple").code == 0
    assert edit("split", "Milk", "--into", "Plant Milk=oat").code == 0
    assert edit("merge", "Tea", "Coffee", "--name", "Hot Drinks").code == 0
    assert edit("retire", "Juice").code == 0
    assert edit("restore", "Juice").code == 0
    assert edit("bias", "Drinks", "2").code == 0
    log = edit("log", "--json").data
    assert [one["operation"] for one in log] == [
        "bias", "restore", "retire", "merge", "split", "constrain", "describe", "add", "move", "rename",
        "import",
    ]  # fmt: skip
    assert [row.split()[0] for row in edit("log").out.splitlines()] == [str(n) for n in range(11, 0, -1)]
    assert edit("restore", "--to", "1").code == 0
    assert edit("diff", "1", "--json").data == []
    assert edit("undo").code == 0
    assert {one["what"] for one in edit("diff", "1", "--json").data} >= {"added", "changed", "moved"}


def test_a_dry_run_changes_nothing(edit: Run) -> None:
    tried = edit("retire", "Tea", "--dry-run")
    assert tried.out == "changed   Drinks > Tea retired\n"
    assert tried.err == "would touch 1 attributes, 0 values of theirs; nothing was changed\n"
    assert edit("log", "--json").data[0]["operation"] == "import"
    assert edit("retire", "Tea", "--dry-run", "--json").data["dry"] is True


def test_snapshots_have_names(edit: Run) -> None:
    assert edit("snapshot").err == "no version has a name yet\n"
    assert edit("snapshot", "first").code == 0
    edit("rename", "Tea", "Infusions")
    assert [row["name"] for row in edit("snapshot", "--json").data] == ["first"]
    assert edit("diff", "first").out == "renamed   Drinks > Infusions, before 'Tea'\n"
    edit("restore", "--snapshot", "first")
    assert edit("diff", "first").err == "nothing differs\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rename", "Coffe", "X"), "no attribute is called 'Coffe'; nearest: 'Coffee'"),
        (("rename", "Tea", "coffee"), "is taken: 'Drinks' has a child of that name"),
        (("move", "Drinks", "--under", "Tea"), "which hangs below it"),
        (("move", "Tea"), "say where to: --under PARENT, or --root, not both"),
        (("merge", "Drinks", "Tea"), "hangs below"),
        (("split", "Tea"), "nothing to split off; give --into"),
        (("split", "Tea", "--into", "Green"), "--into 'Green': expected NAME=value;value"),
        (("describe", "Tea"), "nothing is said of the attribute"),
        (("describe", "Tea", "--ages", "old"), "--ages 'old': expected two numbers, such as 18:65"),
        (("describe", "Tea", "--typical", "3"), "--typical '3': expected two numbers"),
        (("constrain", "Tea=green", "excludes", "Milk=goat"), "no value of 'Food > Milk' is called 'goat'"),
        (("constrain", "Tea=green", "excludes", "Milk>3"), "a bound includes its number; write >= instead"),
        (("undo", "9"), "no change to version 9"),
        (("undo", "2", "--by-hand"), "give a version, or --by-hand, not both"),
        (("restore",), "say what to restore"),
        (("restore", "--snapshot", "x"), "no snapshot is called 'x'"),
        (("diff", "1", "5"), "has no version 5"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_one_line(edit: Run, arguments: tuple[str, ...], told: str) -> None:
    refused = edit(*arguments)
    assert refused.code == 2
    assert told in refused.refusal


def test_names_are_data(edit: Run) -> None:
    odd = "[bold]a = b > c[/bold] 'x' \x1b[31m"
    assert edit("rename", "Tea", odd).code == 0
    assert "\x1b" not in edit("log").out
    assert edit("rename", odd, "Tea").code == 0
    assert edit("diff", "1").out.startswith("changed   Drinks > Tea: aliases")
