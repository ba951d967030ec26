"""The part of the API that speaks with other libraries: networkx, pandas, py2neo.

with deeppersona_graph.connect() as dp:
    tree = dp.network()                                    # nx.DiGraph, from parents to children
    dp.import_network(tree.subgraph(branch), "my-branch")  # and back, as a new taxonomy

    people = dp.sharing_network("human-1-ab12", least=5)   # nx.Graph, edges weigh what is shared
    dp.keep_communities("human-1-ab12", nx.community.louvain_communities(people, seed=1))

    pairs = dp.frame("human-1-ab12")                       # pandas: "long", "wide" or "people"

    with dp.ogm() as graph:                                # py2neo, see interop.ogm
        ...
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.interop.frames import Form, frame
from deeppersona_graph.interop.networks import network, numbered, records_of, sharing
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.store import population_ids, read_personas
from deeppersona_graph.taxonomy.embed import all_vectors
from deeppersona_graph.taxonomy.export import export_records
from deeppersona_graph.taxonomy.export.node_link import digraph
from deeppersona_graph.taxonomy.formats import check_taxonomy
from deeppersona_graph.taxonomy.formats.records import read_records
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import store_tree, taxonomy_state

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


class Interop(Connected):
    """Taxonomies and populations as other libraries have them."""

    def network(self, taxonomy: str | None = None) -> nx.DiGraph:
        """The taxonomy as a graph from parents to children: ids as nodes, records as their properties."""
        tree, _ = self._synchronised(taxonomy or self.settings.taxonomy)
        return network(digraph(tree), export_records(tree))

    def import_network(self, graph: nx.DiGraph, taxonomy: str) -> Tree:
        """Import a graph from parents to children under a new name; see `interop.networks` for what its nodes
        may say.

        Raises `TaxonomyShapeError`, naming the nodes, for what is no tree, `TreeFileError` for a node whose
        record makes no sense, and `InputError` where the name is taken.
        """
        check_taxonomy(taxonomy)
        if taxonomy_state(self.graph, taxonomy) == "ready":
            raise InputError(f"the taxonomy {taxonomy!r} exists already; import under another name")
        lines = records_of(graph)
        tree = read_records("\n".join(lines), f"the graph {graph.name or taxonomy!r}", taxonomy)
        vectors = all_vectors(tree, self.embedder, self._progress)
        store_tree(
            self.graph,
            tree,
            model=self.embedder.model,
            dimensions=self.embedder.dimensions,
            attribute_vectors=vectors[0],
            value_vectors=vectors[1],
            progress=self._progress,
        )
        return load_tree(self.graph, taxonomy)

    def sharing_network(
        self, population: str, *, least: int = 1, heaviest: int | None = None, rare: int | None = None
    ) -> nx.Graph:
        """Who shares how much with whom in a population: ids as nodes, with who they are.

        An edge has `shared`, the number of traits (values of attributes, core attributes among them) that
        two people have in common, of at least `least`, and `weight`, the sum of what these weigh, in bits: a
        trait weighs -log2 of the share of people who have it. With `heaviest`, only so many edges stay; with
        `rare`, traits that more people have do not count.
        """
        population_ids(self.graph, population, below=0)  # tells the nearest names where there is none
        rows = self.graph.read("interop/people", population=population)
        people = {row["person"]["index"]: _known(row["person"]) for row in rows}
        traits = self.graph.read("interop/traits", population=population, most=rare)
        return sharing(people, [row["people"] for row in traits], least=least, heaviest=heaviest)

    def keep_communities(self, population: str, communities: Iterable[Collection[str]]) -> int:
        """Write the number of each person's community, from 0 in the order given, as the property `community`
        of the persona, in place of earlier ones; how many people are in one.

        Communities are sets of ids, as networkx gives them, and come back with `sharing_network`. Raises
        `InputError`, and writes nothing, for somebody in two of them, `UnknownNameError` for somebody of
        another population.
        """
        known = set(population_ids(self.graph, population))
        rows = list(numbered(communities))
        seen: set[str] = set()
        for row in rows:
            if row["id"] not in known:
                hint = f"communities are of ids of the population {population!r}"
                raise UnknownNameError("persona", row["id"], nearest(row["id"], sorted(known)), hint=hint)
            if row["id"] in seen:
                raise InputError(f"{row['id']} is in two communities; give communities that do not overlap")
            seen.add(row["id"])
        return int(
            self.graph.write("interop/write_communities", population=population, rows=rows)[0]["written"]
        )

    def frame(self, population: str, form: Form = "long") -> pd.DataFrame:
        """A population as a pandas frame: `long` (a row a pair), `wide` (a column an attribute) or `people`.

        Raises `PrerequisiteError` where pandas is missing.
        """
        return frame(read_personas(self.graph, population_ids(self.graph, population)), form)

    def ogm(self) -> AbstractContextManager[Any]:
        """The live graph as a `py2neo.Graph`, for the classes of `interop.ogm`; use it with `with`.

        Raises `PrerequisiteError` where py2neo is missing.
        """
        from deeppersona_graph.interop.ogm import open_ogm

        _ = self.graph  # the server runs and has its constraints
        return open_ogm(self.settings)


def _known(person: dict[str, Any]) -> dict[str, Any]:
    """What is known of somebody; file formats of graphs have no null."""
    return {key: value for key, value in person.items() if value is not None}
