"""The command line, run in this process and in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.cli.main import main
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import Settings

OURS = ("NEO4J_", "DEEPPERSONA_", "JAVA_HOME")

LINES = [
    json.dumps({"path": [root, f"{root} {n}"], "value_type": "ordinal", "values": ["low", "high"]})
    for root in ("Alpha", "Beta")
    for n in range(6)
]
"""A tree file of two roots with six attributes each."""


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON on stdout; nothing else may stand there."""
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line on stderr of a command that failed and printed nothing else."""
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("deeppersona: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("deeppersona: ").rstrip("\n")


Run = Callable[..., Outcome]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, and an environment that says nothing to the program."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def run(bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: ARG001
    """Runs a command in this process, through `main` with its handling of errors."""

    def command(*arguments: str, **environment: str) -> Outcome:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["deeppersona", *arguments])
            for name, value in environment.items():
                patch.setenv(name, value)
            capsys.readouterr()
            code: Any = 0
            try:
                main()
            except SystemExit as stop:
                code = stop.code or 0
            out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return command


@pytest.fixture
def process(bare: Path) -> Run:
    """Runs a command in a process of its own."""

    def command(*arguments: str, **environment: str) -> Outcome:
        line = [sys.executable, "-m", "deeppersona_graph.cli.main", *arguments]
        done = subprocess.run(
            line,
            cwd=bare,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def at_terminal(bare: Path) -> Callable[..., Outcome]:
    """Runs a command in a process of its own whose stdin and stderr are a terminal, and types an answer."""
    openpty = getattr(os, "openpty", None)
    if openpty is None:
        pytest.skip("there are no pseudo-terminals here")

    def command(answer: str, *arguments: str) -> Outcome:
        ours, theirs = openpty()
        os.write(ours, f"{answer}\n".encode())
        line = [sys.executable, "-m", "deeppersona_graph.cli.main", *arguments]
        with subprocess.Popen(
            line, cwd=bare, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True
        ) as running:
            os.close(theirs)
            said = b""
            try:
                while part := os.read(ours, 4096):
                    said += part
            except OSError:  # how Linux tells that nobody holds the other end any more
                pass
            os.close(ours)
            out, _ = running.communicate(timeout=120)
        return Outcome(running.returncode, out, said.decode())

    return command


@pytest.fixture
def server(settings: Settings, graph: Graph) -> tuple[str, ...]:  # noqa: ARG001
    """The flags that lead a command to the server of the tests, which runs."""
    if settings.uri:
        pytest.skip("these commands are tried on the private server")
    return "--data-dir", str(settings.data_dir)


@pytest.fixture
def wanted(imported: Callable[[Sequence[str]], Tree], population: str) -> list[str]:
    """Flags for people of the test's own population and of a tiny tree, with seed 4 and depth 5."""
    return ["--population", population, "--taxonomy", imported(LINES).name, "--seed", "4", "--depth", "5"]


@pytest.fixture
def taxonomy_command(run: Run, taxonomy: str, server: tuple[str, ...]) -> Run:
    """Runs `deeppersona taxonomy …` on the test's own taxonomy."""
    return lambda *arguments, **rest: run("taxonomy", *arguments, "--taxonomy", taxonomy, *server, **rest)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Short ids for environments."""
    return ", ".join(val) if isinstance(val, Mapping) else None
