"""The tree that comes with the package, and its vectors.

Made by `python -m deeppersona_graph.taxonomy.bundled STARTER_FOLDER` from the starter records and the
amendments beside the bundle. Attribute vectors are kept in half precision, value vectors as signed bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.embed import Vectors, all_vectors, tilted_values
from deeppersona_graph.taxonomy.formats import read_tree

NAME = "human"
_SCALE = 127.0


@dataclass(frozen=True)
class Bundle:
    """The bundled tree with the vectors of one model."""

    tree: Tree
    model: str
    attributes: Vectors
    values: Vectors

    @property
    def dimensions(self) -> int:
        return len(next(iter(self.attributes.values())))


def load_bundle(name: str = NAME) -> Bundle:
    """The bundled tree, under a name; vectors are of unit length, shape (dimensions,)."""
    folder = files("deeppersona_graph").joinpath("data", "tree")
    with as_file(folder.joinpath("taxonomy.jsonl.gz")) as path:
        tree = replace(read_tree(path, name), origin=bundled_origin())
    with as_file(folder.joinpath("vectors.npz")) as path, np.load(path) as stored:
        model = str(stored["model"])
        attributes, values = _unit(stored["attributes"]), _unit(stored["values"])
    ids = [value.id for a in tree.attributes for value in tilted_values(a)]
    return Bundle(
        tree=tree,
        model=model,
        attributes=dict(zip((a.id for a in tree.attributes), attributes, strict=True)),
        values=dict(zip(ids, values, strict=True)),
    )


def bundled_origin() -> str:
    """What a taxonomy made from this bundle records as its origin; another edition has another."""
    packed = files("deeppersona_graph").joinpath("data", "tree", "taxonomy.jsonl.gz").read_bytes()
    return f"bundled {hashlib.sha256(packed).hexdigest()[:12]}"


def make_bundle(starter: Path, target: Path, embedder: Embedder) -> None:
    """Write the bundle's files into `target` from the starter records and the amendments in `target`."""
    amendments = json.loads((target / "amendments.json").read_text(encoding="utf-8"))
    by_path = {tuple(one["path"]): one["change"] for one in amendments["amendments"]}
    lines = []
    for line in (starter / "taxonomy.jsonl").read_text(encoding="utf-8").split("\n"):
        if line.strip():
            record: dict[str, Any] = json.loads(line)
            lines.append(json.dumps({**record, **by_path.pop(tuple(record["path"]), {})}, ensure_ascii=False))
    if by_path:
        raise SystemExit(f"amendments to unknown attributes: {list(by_path)}")
    packed = gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0)
    (target / "taxonomy.jsonl.gz").write_bytes(packed)
    tree = read_tree(target / "taxonomy.jsonl.gz", NAME)
    attributes, values = all_vectors(tree, embedder, lambda *told: print(*told, file=sys.stderr))
    np.savez_compressed(
        target / "vectors.npz",
        model=np.array(embedder.model),
        attributes=_stacked(attributes).astype(np.float16),
        values=_bytes(_stacked(values)),
    )


def _stacked(vectors: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack(list(vectors.values()))


def _bytes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Each row scaled so that its largest component is 127."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    scaled: NDArray[np.int8] = np.rint(vectors / largest * _SCALE).astype(np.int8)
    return scaled


def _unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    exact = rows.astype(np.float64)
    unit: NDArray[np.float32] = (exact / np.linalg.norm(exact, axis=1, keepdims=True)).astype(np.float32)
    return unit


if __name__ == "__main__":
    from deeppersona_graph.embedding.load import load_embedder
    from deeppersona_graph.settings import load_settings

    make_bundle(
        Path(sys.argv[1]), Path(__file__).parents[1] / "data" / "tree", load_embedder(load_settings())
    )
