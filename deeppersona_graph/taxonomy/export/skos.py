"""A tree in SKOS, the W3C's vocabulary for taxonomies: what thesaurus tools and linked data expect.

Each attribute is a concept; `broader` and `narrower` are the tree. Values are no narrower concepts: "green"
is not a kind of "Favourite colour", and tools that count, expand or translate the tree would take it for one.
The value space is a collection instead (an ordered one for ordinals), whose members are concepts of a scheme
of their own; SKOS has no property between concepts and collections, so Dublin Core's `subject` says which
attribute it belongs to. Names bear no language tag, since nothing says what language they are in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.taxonomy.export.number_range import number_range
from deeppersona_graph.taxonomy.export.xml_text import xml_text

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

URN = "urn:deeppersona:taxonomy:"


def write_turtle(tree: Tree, path: Path) -> None:
    """Write the scheme to a file in Turtle."""
    skos_graph(tree).serialize(path, format="turtle", encoding="utf-8")


def write_json_ld(tree: Tree, path: Path) -> None:
    """Write the scheme to a file in JSON-LD."""
    skos_graph(tree).serialize(path, format="json-ld", encoding="utf-8")


def write_rdf_xml(tree: Tree, path: Path) -> None:
    """Write the scheme to a file in RDF/XML, without the control characters that XML forbids."""
    skos_graph(tree, xml=True).serialize(path, format="xml", encoding="utf-8")


def skos_graph(tree: Tree, *, xml: bool = False) -> Graph:
    """The schemes of attributes and of values, with their concepts; with `xml`, of such text as XML can hold.

    Concepts are called urn:deeppersona:taxonomy:NAME:attribute-ID, with name and id percent-encoded, so that
    they keep their URI when the attribute is renamed or moved. What follows the last colon begins with a
    letter: rdflib makes a namespace of its own for each URI that it cannot shorten.
    """
    from rdflib import DCTERMS, RDF, SKOS, Graph, URIRef

    base = URN + quote(tree.name, safe="")
    graph = Graph()
    for prefix, namespace in (("skos", str(SKOS)), ("dcterms", str(DCTERMS)), ("tree", f"{base}:")):
        graph.bind(prefix, namespace)
    drawing = _Drawing(graph, base, URIRef(base), URIRef(f"{base}:values"), xml)
    for scheme, title in ((drawing.scheme, tree.name), (drawing.values, f"{tree.name}: values")):
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
        drawing.say(scheme, DCTERMS.title, title)
    for attribute in tree.attributes:
        above = tree.by_path[attribute.path[:-1]] if len(attribute.path) > 1 else None
        drawing.attribute(attribute, above)
        if attribute.values:
            drawing.value_space(attribute)
    return graph


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A graph in the making."""

    graph: Graph
    base: str
    scheme: URIRef
    values: URIRef
    xml: bool

    def attribute(self, attribute: Attribute, above: Attribute | None) -> None:
        """The concept of an attribute, and its edges to the one above."""
        from rdflib import OWL, RDF, SKOS, Literal

        graph, concept = self.graph, self._uri("attribute", attribute.id)
        graph.add((concept, RDF.type, SKOS.Concept))
        graph.add((concept, SKOS.inScheme, self.scheme))
        self.say(concept, SKOS.prefLabel, attribute.name)
        self.say(concept, SKOS.notation, attribute.id)
        for alias in sorted({*attribute.aliases} - {attribute.name}):
            self.say(concept, SKOS.altLabel, alias)
        if attribute.description:
            self.say(concept, SKOS.definition, attribute.description)
        if numbers := number_range(attribute):
            self.say(concept, SKOS.scopeNote, numbers)
        if attribute.proposed:
            self.say(concept, SKOS.editorialNote, "proposed by a model, without evidence")
        if attribute.retired:
            graph.add((concept, OWL.deprecated, Literal(True)))
        if above is None:
            graph.add((concept, SKOS.topConceptOf, self.scheme))
            graph.add((self.scheme, SKOS.hasTopConcept, concept))
        else:
            graph.add((concept, SKOS.broader, self._uri("attribute", above.id)))
            graph.add((self._uri("attribute", above.id), SKOS.narrower, concept))

    def value_space(self, attribute: Attribute) -> None:
        """The values of an attribute as concepts and their collection; an ordered one also lists them in
        order (SKOS, S36)."""
        from rdflib import DCTERMS, RDF, SKOS, BNode
        from rdflib.collection import Collection

        graph, space = self.graph, self._uri("values", attribute.id)
        ordered = attribute.value_type == "ordinal"
        graph.add((space, RDF.type, SKOS.OrderedCollection if ordered else SKOS.Collection))
        graph.add((space, DCTERMS.subject, self._uri("attribute", attribute.id)))
        members = {self._uri("value", value.id): value.text for value in attribute.values}
        for member, text in members.items():
            graph.add((member, RDF.type, SKOS.Concept))
            graph.add((member, SKOS.inScheme, self.values))
            self.say(member, SKOS.prefLabel, text)
            graph.add((space, SKOS.member, member))
        if ordered:
            start = BNode()
            Collection(graph, start, list(members))
            graph.add((space, SKOS.memberList, start))

    def say(self, subject: URIRef, predicate: URIRef, text: str) -> None:
        """Add a statement whose object is a text."""
        from rdflib import Literal

        self.graph.add((subject, predicate, Literal(xml_text(text) if self.xml else text)))

    def _uri(self, kind: str, identity: str) -> URIRef:
        from rdflib import URIRef

        return URIRef(f"{self.base}:{kind}-{quote(identity, safe='')}")
