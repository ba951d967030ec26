"""Vectors follow the texts they are made from: what a change leaves to be embedded, or forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Transaction
from deeppersona_graph.model.tree import Attribute, Value, shown
from deeppersona_graph.taxonomy.embed import tilted_values, value_text
from deeppersona_graph.taxonomy.log.delta import Vector
from deeppersona_graph.taxonomy.log.state import Key, State, attribute_key, value_key
from deeppersona_graph.taxonomy.store import vector_rows

EMBEDDING, NAME = "embedding", "name_embedding"

Kept = Mapping[tuple[Key, str], Vector]


def embedded_texts(state: State) -> dict[Key, str]:
    """What each node's vector is made from; nodes without one are left out."""
    found: dict[Key, str] = {}
    spaces: dict[str, list[str]] = {}
    for value, owner in state.owners().items():
        spaces.setdefault(owner, []).append(value)
    for identity, path in state.paths().items():
        found[attribute_key(identity)] = shown(path)
        properties = state.nodes[attribute_key(identity)]
        values = tuple(
            Value(one, str(state.nodes[value_key(one)].get("text")), 0, 0.0)
            for one in spaces.get(identity, ())
            if value_key(one) in state.nodes
        )
        attribute = Attribute(
            identity,
            path,
            value_type=properties.get("value_type"),
            values=values,
            core=properties.get("core"),
        )
        found |= {value_key(one.id): value_text(attribute, one) for one in tilted_values(attribute)}
    return found


@dataclass(frozen=True, slots=True)
class Texts:
    """What vectors are made from, before a change and afterwards."""

    before: Mapping[Key, str]
    after: Mapping[Key, str]

    @property
    def lost(self) -> set[Key]:
        """The nodes whose vector goes."""
        return {key for key, text in self.before.items() if self.after.get(key) != text}

    @property
    def made(self) -> dict[Key, str]:
        """The nodes that need another vector, with its text."""
        return {key: text for key, text in self.after.items() if self.before.get(key) != text}


def read_vectors(
    tx: Transaction, taxonomy: str, attributes: Collection[str], texts: Mapping[Key, str]
) -> Kept:
    """The vectors of attributes and of their values, with the texts they were made from."""
    found: dict[tuple[Key, str], Vector] = {}
    rows = tx.run("log/read_vectors", taxonomy=taxonomy, attributes=sorted(attributes)) if attributes else ()
    for row in rows:
        key = Key(row["kind"], row["id"])
        if row["embedding"] is not None and key in texts:
            found[key, EMBEDDING] = Vector(texts[key], _packed(row["embedding"]))
        if row["name_embedding"] is not None:
            found[key, NAME] = Vector(row["name"] or "", _packed(row["name_embedding"]))
    return found


def lost_vectors(held: Kept, lost: Collection[Key], removed: Collection[Key]) -> Kept:
    """Of the vectors that were read, those that nodes have lost; those of names stay with their node."""
    return {
        (key, name): vector
        for (key, name), vector in held.items()
        if key in (removed if name == NAME else lost)
    }


def settle_vectors(
    tx: Transaction, taxonomy: str, texts: Texts, created: Collection[Key], kept: Kept, embedder: Embedder
) -> None:
    """Give nodes the vectors they need: those kept from before where the text is the same, else new ones."""
    made = texts.made
    vectors = {
        key: _unpacked(kept[key, EMBEDDING])
        for key, text in made.items()
        if (key, EMBEDDING) in kept and kept[key, EMBEDDING].of == text
    }
    new = sorted(key for key in made if key not in vectors)
    if new:
        vectors |= dict(zip(new, embedder.embed([made[key] for key in new]), strict=True))
    for kind, statement in (("attribute", "taxonomy/embed_attributes"), ("value", "taxonomy/embed_values")):
        rows = vector_rows({key.id: vector for key, vector in vectors.items() if key.kind == kind})
        tx.run(statement, taxonomy=taxonomy, rows=rows)
    bare = sorted(key.id for key in texts.lost if key.kind == "value" and key not in texts.after)
    tx.run("taxonomy/forget_vectors", taxonomy=taxonomy, rows=bare)
    names = [
        {"id": key.id, "name": kept[key, NAME].of, "embedding": _unpacked(kept[key, NAME]).tolist()}
        for key in sorted(created)
        if (key, NAME) in kept
    ]
    tx.run("mining/embed_names", taxonomy=taxonomy, rows=names)


def _packed(floats: list[float]) -> bytes:
    return np.asarray(floats, np.float32).tobytes()


def _unpacked(vector: Vector) -> NDArray[np.float32]:
    return np.frombuffer(vector.floats, np.float32)
