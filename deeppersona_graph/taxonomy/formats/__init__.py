"""Tree files: JSONL records of attributes, nested objects of names, networkx node-link graphs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeppersona_graph.errors import TreeFileError
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.formats.nested import read_nested
from deeppersona_graph.taxonomy.formats.node_link import read_node_link
from deeppersona_graph.taxonomy.formats.records import read_records

__all__ = ["read_tree"]


def read_tree(path: Path, name: str) -> Tree:
    """The tree in the file `path`, in whichever of the formats it is; `.gz` is unpacked.

    Raises `TreeFileError`, with the line where there is one, for a file that is none of them.
    """
    text = _text(path)
    if not text.strip():
        raise TreeFileError(f"{path} is empty; a tree file is JSONL records, nested JSON or node-link JSON")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and "\n{" not in text.strip():
            raise TreeFileError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
        return read_records(text, str(path), name)
    return _read_document(whole, text, path, name)


def _read_document(whole: Any, text: str, path: Path, name: str) -> Tree:
    if isinstance(whole, Mapping) and "nodes" in whole and ("edges" in whole or "links" in whole):
        return read_node_link(whole, str(path), name)
    if isinstance(whole, Mapping) and isinstance(whole.get("path"), list):
        return read_records(text, str(path), name)
    return read_nested(whole, str(path), name)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except OSError as error:
        raise TreeFileError(
            f"cannot read {path}: {error.strerror or error}; give the path of a tree file"
        ) from error
    except (UnicodeDecodeError, EOFError) as error:
        raise TreeFileError(f"{path} is no text in UTF-8; a tree file is JSON or JSONL in UTF-8") from error
