"""Tree files: JSONL records of attributes, nested objects of names, networkx node-link graphs."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deeppersona_graph.errors import InputError, TreeFileError, shorten
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.formats.building import DEEPEST, is_unicode
from deeppersona_graph.taxonomy.formats.nested import read_nested
from deeppersona_graph.taxonomy.formats.node_link import read_node_link
from deeppersona_graph.taxonomy.formats.records import read_records
from deeppersona_graph.taxonomy.formats.uniting import unite

__all__ = ["check_taxonomy", "read_tree", "read_trees"]

LONGEST_TAXONOMY = 100
"""Characters in the name of a taxonomy."""


def read_tree(path: Path, name: str) -> Tree:
    """The tree in the file `path`, in whichever of the formats it is; `.gz` is unpacked.

    Raises `TreeFileError`, with the line where there is one, for a file that is none of them, and
    `InputError` for a name that no taxonomy can have.
    """
    check_taxonomy(name)
    text = _text(path)
    if not text.strip():
        raise TreeFileError(f"{path} is empty; a tree file is JSONL records, nested JSON or node-link JSON")
    try:
        whole = json.loads(text, object_pairs_hook=_object)
    except TreeFileError as error:
        raise TreeFileError(f"{path}: {error}") from error
    except RecursionError as error:
        raise TreeFileError(
            f"{path} is nested too deep for JSON; at most {DEEPEST} levels of names are accepted"
        ) from error
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and "\n{" not in text.strip():
            raise TreeFileError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
        return read_records(text, str(path), name)
    except ValueError as error:
        raise TreeFileError(f"{path}: not JSON ({shorten(str(error))})") from error
    return _read_document(whole, text, path, name)


def read_trees(paths: Sequence[Path], name: str) -> Tree:
    """The tree in several files together; raises what `read_tree` and `unite` do."""
    trees = [read_tree(path, name) for path in paths]
    return trees[0] if len(trees) == 1 else unite(name, trees)


def _read_document(whole: Any, text: str, path: Path, name: str) -> Tree:
    if (
        isinstance(whole, Mapping)
        and isinstance(whole.get("nodes"), list)
        and whole.keys() & {"edges", "links"}
    ):
        return read_node_link(whole, str(path), name)
    if isinstance(whole, Mapping) and isinstance(whole.get("path"), list):
        return read_records(text, str(path), name)
    return read_nested(whole, str(path), name)


def check_taxonomy(name: str) -> None:
    """Raise `InputError` for a name that no taxonomy can have."""
    if not name.strip() or len(name) > LONGEST_TAXONOMY or not is_unicode(name):
        raise InputError(
            f"{shorten(ascii(name))} is no name for a taxonomy; "
            f"expected a text of 1 to {LONGEST_TAXONOMY} characters"
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; `json` alone would keep the last of several siblings of one name."""
    found: dict[str, Any] = {}
    for name, below in pairs:
        if name in found:
            raise TreeFileError(f"two siblings are called {shorten(name)!r}; rename one")
        found[name] = below
    return found


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TreeFileError(f"cannot unpack {path}: {error}; pack the file anew") from error
    except OSError as error:
        raise TreeFileError(
            f"cannot read {path}: {error.strerror or error}; give the path of a tree file"
        ) from error
    except UnicodeDecodeError as error:
        raise TreeFileError(f"{path} is no text in UTF-8; a tree file is JSON or JSONL in UTF-8") from error
