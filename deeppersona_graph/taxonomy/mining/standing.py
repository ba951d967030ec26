"""What stands in the graph when a mining run begins: exchanges, evidence, and what earlier runs made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.dialogue import Exchange
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Tree, normal
from deeppersona_graph.taxonomy.mining.describe import space_mark
from deeppersona_graph.taxonomy.mining.grow import Atom, Key
from deeppersona_graph.taxonomy.mining.paths import key_of

Evidence = tuple[str, str, str]
"""Ids of an exchange and an attribute, and the value."""


@dataclass(frozen=True, slots=True)
class Mined:
    """An attribute that an earlier run made, and what that run left it as."""

    id: str
    name: str
    aliases: tuple[str, ...]
    parent: str | None
    sources: frozenset[str]
    mined_name: str
    mined_parent: str | None
    described: str | None
    space: str | None
    proposed: bool
    retired: bool
    mined_retired: bool
    """Whether it was an earlier run that retired it."""
    personas: int
    children: int

    @property
    def renamed(self) -> bool:
        """Whether somebody gave it another name since."""
        return self.name != self.mined_name

    @property
    def moved(self) -> bool:
        """Whether somebody hung it elsewhere since."""
        return self.parent != self.mined_parent


@dataclass(frozen=True)
class Standing:
    """The graph as a run finds it."""

    tree: Tree
    exchanges: Mapping[str, Exchange]
    settled: frozenset[str]
    """The exchanges whose proposals are all taken down."""
    mined: Mapping[str, Mined]
    evidence: frozenset[Evidence]
    became: Mapping[str, str | None]
    """Attributes by the ids of the proposals that became them."""
    aliases: Mapping[str, frozenset[str]]
    """Other names that earlier runs gave attributes, by id; those aside are somebody's own."""
    banned: frozenset[Key]
    """Kept paths whose attribute was deleted by hand."""

    def own_names(self, identity: str) -> tuple[str, ...]:
        """The other names that somebody gave an attribute, and its name where they gave it that."""
        attribute, mined = self.tree.by_id.get(identity), self.mined.get(identity)
        if attribute is None:
            return ()
        given = self.aliases.get(identity, frozenset())
        names = tuple(alias for alias in attribute.aliases if alias not in given)
        return (*names, attribute.name) if mined is not None and mined.renamed else names

    def described_by_hand(self, one: Mined) -> bool:
        """Whether somebody changed what an attribute asks, or its values, since it was mined."""
        attribute = self.tree.by_id.get(one.id)
        return attribute is not None and one.space is not None and space_mark(attribute) != one.space

    def by_hand(self, one: Mined) -> bool:
        """Whether somebody edited an attribute since it was mined."""
        return one.renamed or one.moved or self.described_by_hand(one)

    def given(self) -> Iterable[Atom]:
        """The attributes that mining did not make, as atoms that stay as they are; so do roots."""
        for a in self.tree.attributes:
            if (a.id not in self.mined or len(a.path) == 1) and not a.retired:
                names = frozenset(normal(alias) for alias in self.own_names(a.id))
                yield Atom(a.path, attribute=a.id, names=names, fixed=True)


def read_standing(graph: Graph, tree: Tree) -> Standing:
    """What the graph holds of a taxonomy beside its tree."""
    name = tree.name
    rows = graph.read("mining/read_exchanges", taxonomy=name)
    proposals = graph.read("mining/read_proposals", taxonomy=name)
    evidence = graph.read("mining/read_evidence", taxonomy=name)
    aliases = graph.read("mining/read_mined_aliases", taxonomy=name)
    mined = [_mined(row) for row in graph.read("mining/read_mined", taxonomy=name)]
    return Standing(
        tree=tree,
        exchanges={row["id"]: _exchange(row) for row in rows},
        settled=frozenset(row["id"] for row in rows if row["settled"]),
        mined={one.id: one for one in mined},
        evidence=frozenset((row["exchange"], row["attribute"], row["value"]) for row in evidence),
        became={row["id"]: row["attribute"] for row in proposals if row["kept"]},
        aliases={row["id"]: frozenset(row["aliases"]) for row in aliases},
        banned=frozenset(
            key_of(row["kept"]) for row in proposals if row["placed"] and row["attribute"] is None
        ),
    )


def source_mark(key: Key) -> str:
    """What an attribute keeps of each path it stands for: 16 hexadecimal digits."""
    return digest("source", *key).hex()[:16]


def _exchange(row: Mapping[str, Any]) -> Exchange:
    return Exchange(row["id"], row["question"], row["answer"], row["source"], row["licence"])


def _mined(row: Mapping[str, Any]) -> Mined:
    a = row["attribute"]
    return Mined(
        id=a["id"],
        name=a["name"],
        aliases=tuple(a["aliases"] or ()),
        parent=row["parent"],
        sources=frozenset(a["sources"]),
        mined_name=a["mined_name"],
        mined_parent=a["mined_parent"],
        described=a["described"],
        space=a["space"],
        proposed=bool(a["proposed"]),
        retired=bool(a["retired"]),
        mined_retired=bool(a["mined_retired"]),
        personas=row["personas"],
        children=row["children"],
    )
