"""A `~` in the settings, which no shell has expanded."""

from __future__ import annotations

from pathlib import Path

import pytest

from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.server_files import server_folder
from deeppersona_graph.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder; the present folder is another."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("DEEPPERSONA_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def test_flag_environment_and_file_may_name_the_home_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("deeppersona.toml").write_text('data_dir = "~/file"\nprices = "~/prices.toml"\n')
    settings = load_settings()
    assert (settings.data_dir, settings.prices) == (home / "file", home / "prices.toml")
    monkeypatch.setenv("DEEPPERSONA_DATA_DIR", "~/environment")
    assert load_settings().data_dir == home / "environment"
    assert load_settings(data_dir="~/flag").data_dir == home / "flag"


def test_the_standing_data_folder_may_name_the_home_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: f"~/{name}")
    assert load_settings().data_dir == home / "deeppersona"


def test_server_and_embedder_use_the_same_data_folder(home: Path) -> None:
    settings = load_settings(data_dir="~/data")
    load_embedder(settings).close()
    assert server_folder(settings).root == (home / "data").resolve()
    assert (home / "data" / "embedding" / "checksums.json").exists()
    assert list(Path().iterdir()) == []


def test_a_home_folder_of_nobody_is_refused(home: Path) -> None:
    assert home
    with pytest.raises(InputError, match=r"setting 'data_dir' is '~nobody-of-that-name/x': .*no home folder"):
        load_settings(data_dir="~nobody-of-that-name/x")
