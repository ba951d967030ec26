"""Flags before environment before `deeppersona.toml`; what is wrong there is said in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.errors import InputError
from deeppersona_graph.settings import load_settings

Run = Callable[..., Any]


@pytest.fixture
def toml(bare: Path) -> Callable[[str | bytes], None]:
    """Writes the configuration file of the working folder."""

    def write(content: str | bytes) -> None:
        raw = content.encode() if isinstance(content, str) else content
        (bare / "deeppersona.toml").write_bytes(raw)

    return write


def test_flags_come_before_environment_before_file(
    toml: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml('taxonomy = "file"\nuri = "bolt://file"\nusername = "file"\n')
    monkeypatch.setenv("DEEPPERSONA_TAXONOMY", "environment")
    monkeypatch.setenv("NEO4J_URI", "bolt://environment")
    found = load_settings(taxonomy="flag", uri=None)
    assert (found.taxonomy, found.uri, found.username) == ("flag", "bolt://environment", "file")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"NEO4J_URI": "bolt://x"}, ("bolt://x", "neo4j", None, "neo4j")),
        ({"NEO4J_USERNAME": "u", "NEO4J_PASSWORD": "p"}, (None, "u", "p", "neo4j")),
        ({"neo4j_database": "d"}, (None, "neo4j", None, "d")),
        ({"NEO4J_URI": "", "NEO4J_PASSWORD": ""}, (None, "neo4j", None, "neo4j")),
    ],
)
def test_the_usual_names_of_the_connection_are_read(
    bare: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    found: tuple[str | None, ...],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    password = settings.password.get_secret_value() if settings.password else None
    assert (settings.uri, settings.username, password, settings.database) == found


def test_a_password_is_never_shown(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setenv("NEO4J_PASSWORD", "secret-word")
    assert "secret-word" not in repr(load_settings())


def test_settings_stay_as_they_are(bare: Path) -> None:  # noqa: ARG001
    with pytest.raises(ValueError, match="frozen"):
        load_settings().taxonomy = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('taxonomy = "open', "deeppersona.toml is not valid TOML: "),
        ("taxonomy", "deeppersona.toml is not valid TOML: "),
        ('taxonomy = "a"\ntaxonomy = "b"', "deeppersona.toml is not valid TOML: "),
        ("taxonomy = 5", "setting 'taxonomy' is 5: Input should be a valid string"),
        ('colour = "red"', "setting 'colour' is 'red': Extra inputs are not permitted"),
        (
            '[neo4j]\nuri = "bolt://x"',
            "setting 'neo4j' is {'uri': 'bolt://x'}: Extra inputs are not permitted",
        ),
        ("data_dir = 7", "setting 'data_dir' is 7: Input is not a valid path"),
        ("uri = true", "setting 'uri' is True: Input should be a valid string"),
        ('server_heap = ["1g"]', "setting 'server_heap' is ['1g']: Input should be a valid string"),
    ],
)
def test_a_wrong_file_is_refused(run: Run, toml: Callable[[str], None], content: str, reason: str) -> None:
    toml(content)
    done = run("taxonomy", "stats")
    assert done.code == 2
    assert done.refusal.startswith(reason)
    assert "deeppersona.toml" in done.refusal


def test_a_wrong_flag_is_refused() -> None:
    with pytest.raises(InputError, match="setting 'shoes' is 5: Extra inputs are not permitted"):
        load_settings(shoes=5)


def test_help_needs_no_settings(run: Run, toml: Callable[[str], None]) -> None:
    toml("taxonomy = ")
    assert run("taxonomy", "stats", "--help").code == 0


def test_names_of_other_programs_are_not_read(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    for name in ("URI", "USERNAME", "PASSWORD", "DATABASE", "TAXONOMY", "DATA_DIR"):
        monkeypatch.setenv(name, "somebody else's")
    found = load_settings()
    assert (found.uri, found.username, found.password, found.database) == (None, "neo4j", None, "neo4j")
    assert found.taxonomy == "human"


def test_a_file_in_another_encoding_is_refused(run: Run, toml: Callable[[bytes], None]) -> None:
    toml(b'taxonomy = "caf\xe9"')
    done = run("taxonomy", "stats")
    assert done.code == 2
    assert done.refusal.startswith("deeppersona.toml is not valid TOML: ")


def test_a_password_of_the_wrong_type_is_not_shown(run: Run, toml: Callable[[str], None]) -> None:
    toml("password = 12345")
    done = run("taxonomy", "stats")
    assert (done.code, "12345" in done.refusal) == (2, False)
