"""Taxonomies into the graph with their vectors: the bundled one, a file's, or one that is embedded anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import ConflictError, EmbeddingError, InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy import bundled
from deeppersona_graph.taxonomy.embed import Vectors, all_vectors
from deeppersona_graph.taxonomy.formats import check_taxonomy, read_trees
from deeppersona_graph.taxonomy.formats.building import complete
from deeppersona_graph.taxonomy.mining.domains import new_roots
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import Progress, store_tree, taxonomy_state, write_vectors

PAUSE = 0.5
"""Seconds between looks at another process's import."""


def provide_bundled(
    graph: Graph, taxonomy: str, embedder: Embedder, announce: Callable[[str], None], progress: Progress
) -> None:
    """Import the bundled tree where `taxonomy` is its name and it is not there yet.

    Where another process is at it, wait until that one is done.
    """
    if taxonomy != bundled.NAME or taxonomy_state(graph, taxonomy) == "ready":
        return
    announce("importing the bundled taxonomy, once")
    bundle = bundled.load_bundle()
    vectors = (bundle.attributes, bundle.values)
    if bundle.model != embedder.model:
        vectors = all_vectors(bundle.tree, embedder, progress)
    while taxonomy_state(graph, taxonomy) != "ready":
        try:
            _store(graph, bundle.tree, embedder, vectors, progress)
        except (ConflictError, InputError):  # another process is at it, or has just finished
            time.sleep(PAUSE)


def import_files(
    graph: Graph, files: Sequence[Path], taxonomy: str, embedder: Embedder, progress: Progress
) -> Tree:
    """The tree in `files` as a new taxonomy; see `formats.read_tree` for what a file may be.

    Raises `TreeFileError`, or `InputError` where the name is taken.
    """
    tree = read_trees(files, taxonomy)
    if taxonomy_state(graph, taxonomy) == "ready":
        raise InputError(f"the taxonomy {taxonomy!r} exists already; import under another --taxonomy")
    _store(graph, tree, embedder, all_vectors(tree, embedder, progress), progress)
    return load_tree(graph, taxonomy)


def provide_core(graph: Graph, source: Tree, taxonomy: str, embedder: Embedder, progress: Progress) -> None:
    """A taxonomy with the core attributes of `source` alone, for others to grow on; one there stays."""
    if taxonomy_state(graph, taxonomy) == "ready":
        return
    paths = {a.path[:length] for a in source.core.values() for length in range(1, len(a.path) + 1)}
    tree = Tree(taxonomy, tuple(a for a in source.attributes if a.path in paths), origin=source.name)
    _store(graph, tree, embedder, all_vectors(tree, embedder, progress), progress)


def provide_roots(graph: Graph, taxonomy: str, embedder: Embedder, progress: Progress) -> None:
    """A taxonomy of the twelve domains and the core attributes, to be mined into; one there stays.

    Raises `InputError` for a name that no taxonomy can have.
    """
    check_taxonomy(taxonomy)
    if taxonomy_state(graph, taxonomy) == "ready":
        return
    tree = complete(taxonomy, new_roots(), origin="mined")
    _store(graph, tree, embedder, all_vectors(tree, embedder, progress), progress)


def embed_anew(graph: Graph, taxonomy: str, embedder: Embedder, progress: Progress) -> None:
    """Make all vectors of a taxonomy with the model of `embedder`."""
    vectors = all_vectors(load_tree(graph, taxonomy), embedder, progress)
    write_vectors(graph, taxonomy, embedder.model, embedder.dimensions, *vectors, progress)


def check_model(graph: Graph, taxonomy: str, embedder: Embedder) -> None:
    """Raise `EmbeddingError` where the stored vectors are of another model than `embedder`'s."""
    rows = graph.read("taxonomy/read_taxonomy", taxonomy=taxonomy)
    found = rows[0]["embedding_model"] if rows else load_tree(graph, taxonomy).embedding_model
    if found != embedder.model:
        raise EmbeddingError(
            f"the taxonomy {taxonomy!r} has vectors of {found or 'an unfinished re-embedding'}, "
            f"the settings name {embedder.model}; run `deeppersona taxonomy embed --taxonomy {taxonomy}`, "
            "or set DEEPPERSONA_EMBEDDING_MODEL back"
        )


def _store(
    graph: Graph, tree: Tree, embedder: Embedder, vectors: tuple[Vectors, Vectors], progress: Progress
) -> None:
    store_tree(
        graph,
        tree,
        model=embedder.model,
        dimensions=embedder.dimensions,
        attribute_vectors=vectors[0],
        value_vectors=vectors[1],
        progress=progress,
    )
