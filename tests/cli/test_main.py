"""What holds for every command: the version, text that is none, and terminals of little alphabet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

from deeppersona_graph.cli.cards import work
from deeppersona_graph.cli.output import line, paragraphs, print_json

Run = Callable[..., Any]


def test_the_version_is_printed_without_a_command(run: Run) -> None:
    shown = run("--version")
    assert (shown.code, shown.out, shown.err) == (0, version("deeppersona-graph") + "\n", "")


def test_debug_shows_where_an_error_comes_from(process: Run) -> None:
    wrong = ("delete", "--yes")
    assert process(*wrong).refusal.startswith("say whom to delete")
    assert "Traceback" in process("--debug", *wrong).err


def test_an_argument_that_is_no_text_is_told_before_anything_is_done(run: Run) -> None:
    refused = run("show", "caf\udce9")
    assert (refused.code, refused.refusal) == (
        2,
        r"the argument 'caf\udce9' is no text in utf-8; spell it another way",
    )


def test_a_setting_that_is_no_text_is_told_without_its_value(run: Run) -> None:
    refused = run("list", NEO4J_PASSWORD="secr\udce9t")
    assert refused.code == 2
    assert refused.refusal == "NEO4J_PASSWORD is no text in utf-8; spell it another way"


def test_a_terminal_of_ascii_gets_errors_and_help_without_a_traceback(process: Run) -> None:
    refused = process("export", "x", "é.docx", "--uri", "né", PYTHONIOENCODING="ascii:strict")
    assert refused.code == 3
    assert r"n\xe9" in refused.refusal
    assert process("--help", PYTHONIOENCODING="ascii:strict").code == 0


def test_json_is_json_in_every_encoding_and_holds_no_control_characters() -> None:
    value = {"né": "a\x1b[31m\x7f\x9b\u2028\udce9名"}
    program = (
        "import sys; from deeppersona_graph.cli.output import forgive_encodings, print_json; "
        f"forgive_encodings(); print_json({value!r})"
    )
    for encoding in ("ascii", "latin-1", "utf-8"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        printed = done.stdout.decode(encoding)
        assert json.loads(printed) == value
        assert line(printed.replace("\n", "")) == printed.replace("\n", "")


def test_json_keeps_letters_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(["Siwāna", "名"])
    assert "Siwāna" in capsys.readouterr().out


def test_what_controls_a_terminal_is_spelled_out_and_all_else_kept() -> None:
    assert line("a\tb\r\n\x1b]0;x\x07\x9b\u2028") == r"a\tb\r\n\x1b]0;x\x07\x9b\u2028"
    kept = "Ann [b]é[/b] 👩‍👩‍👧 名"
    assert line(kept) == paragraphs(kept) == kept
    assert paragraphs("one\r\n\ntwo\x1b[2J") == "one\n\ntwo\\x1b[2J"


@pytest.mark.parametrize(
    ("employment", "occupation", "shown"),
    [
        ("employed", "nurse", "nurse"),
        ("self-employed", "tailor", "tailor"),
        ("retired", "nurse", "retired (nurse)"),
        ("retired", "Retired teacher", "Retired teacher"),
        ("unemployed", None, "unemployed"),
        ("student", "cashier", "student (cashier)"),
        ("student", "law student", "law student"),
    ],
)
def test_work_tells_who_does_not_work(employment: str, occupation: str | None, shown: str) -> None:
    assert work(employment, occupation) == shown
