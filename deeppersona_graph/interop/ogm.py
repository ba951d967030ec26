"""The live graph as objects of py2neo: attributes, values, personas and populations to read and to edit.

py2neo is an extra, `deeppersona-graph[py2neo]`, and this the one module that imports it; its author has
retired it, and 2021.2.4 still speaks with Neo4j 5.26.

    with deeppersona_graph.connect() as dp, dp.ogm() as graph:
        tea = Attribute.match(graph).where(taxonomy="human", name="Tea").first()
        tea.description = "What is drunk at breakfast."
        tea.children.add(Attribute(name="Morning Tea"))
        graph.push(tea)
        dp.sync()

What is pushed is an edit by hand: `sync` takes it in, gives new attributes what they lack, and logs it.
`push` writes the properties that were set, and leaves all others as they are. Of related objects that were
looked at, py2neo writes the whole set: a child that somebody else added since would lose its parent, so read,
edit and push without delay, and look only at what you edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getattr_static
from typing import Any

from deeppersona_graph.errors import PrerequisiteError, ServerError, shorten
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.graph.statements import statement
from deeppersona_graph.settings import Settings

try:
    import py2neo
    from py2neo.errors import ConnectionUnavailable, Neo4jError
    from py2neo.ogm import Model, Property, RelatedFrom, RelatedTo
except ImportError as error:
    raise PrerequisiteError(
        "objects of the live graph need py2neo; install it with: pip install 'deeppersona-graph[py2neo]'"
    ) from error


class GraphObject(Model):  # type: ignore[misc]
    """A node. It has no key but its place on the server, since ids are a taxonomy's own."""

    __primarykey__ = "__id__"

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a declared property, and remember that it was set."""
        if isinstance(getattr_static(type(self), name, None), Property):
            self.__dict__.setdefault("_edited", set()).add(name)
        super().__setattr__(name, value)

    def __db_push__(self, tx: Any) -> None:
        """Write what was set on a node that is there, or make the node; then the related objects."""
        node = self.__node__
        if node.graph is None:
            node.add_label(self.__primarylabel__)
            tx.create(node)
        elif edited := self.__dict__.get("_edited"):
            properties = {key: node[key] for key in edited}
            tx.run(statement("interop/push_node").text, node=node.identity, properties=properties)
        self.__dict__.pop("_edited", None)
        for related in self.__ogm__.all_related():
            related.__db_push__(tx)


class Value(GraphObject):
    """One admissible value of an attribute."""

    id = Property()
    taxonomy = Property()
    text = Property()
    rank = Property()
    weight = Property()
    attributes = RelatedFrom("Attribute", "ADMITS")


class Attribute(GraphObject):
    """One node of a Human-Attribute Tree."""

    id = Property()
    taxonomy = Property()
    name = Property()
    path = Property()
    depth = Property()
    description = Property()
    value_type = Property()
    minimum = Property()
    maximum = Property()
    unit = Property()
    support = Property()
    core = Property()
    retired = Property()
    aliases = Property()
    children = RelatedTo("Attribute", "HAS_CHILD")
    parents = RelatedFrom("Attribute", "HAS_CHILD")
    values = RelatedTo("Value", "ADMITS")

    def held_by(self) -> Iterator[tuple[Persona, Any]]:
        """The personas that have the attribute, each with the edge (a `Relationship`) that says so."""
        for edge in self.__node__.graph.match((None, self.__node__), "HAS"):
            if edge["source"] != SUPERSEDED:
                yield Persona.wrap(edge.start_node), edge


class Persona(GraphObject):
    """One synthetic person."""

    id = Property()
    population = Property()
    index = Property()
    seed = Property()
    depth = Property()
    taxonomy = Property()
    taxonomy_version = Property()
    name = Property()
    age = Property()
    sex = Property()
    country = Property()
    country_name = Property()
    city = Property()
    occupation = Property()
    narrative = Property()
    community = Property()
    populations = RelatedFrom("Population", "CONTAINS")

    def has(self) -> Iterator[tuple[Attribute, Any]]:
        """The attributes of the persona, each with its edge, a `Relationship` with value, order, source …; an
        edited edge is pushed by itself.

        They are no related objects, of which py2neo would write all edges anew with each push.
        """
        for edge in self.__node__.graph.match((self.__node__, None), "HAS"):
            if edge["source"] != SUPERSEDED:
                yield Attribute.wrap(edge.end_node), edge


class Population(GraphObject):
    """A population of personas."""

    name = Property()
    seed = Property()
    specification = Property()
    personas = RelatedTo("Persona", "CONTAINS")


SUPERSEDED = "superseded"
"""Source of an edge that counts no more, since a merge left another beside it."""


@contextmanager
def open_ogm(settings: Settings) -> Iterator[py2neo.Graph]:
    """The graph of the settings as py2neo has it; the private server is started when needed.

    Raises `ServerError` where no server answers.
    """
    if settings.uri:
        password = settings.password.get_secret_value() if settings.password else ""
        uri, auth, name = settings.uri, (settings.username, password), settings.database
    else:
        endpoint = ensure_running(settings)
        uri, auth, name = endpoint.uri, (endpoint.username, endpoint.password), "neo4j"
    try:
        graph = py2neo.Graph(uri, auth=auth, name=name)
    except (ConnectionUnavailable, Neo4jError, ValueError) as error:
        raise ServerError(
            f"py2neo cannot use the server at {shorten(uri, 200)}: {shorten(str(error))}; "
            "check NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD"
        ) from error
    try:
        yield graph
    finally:
        graph.service.connector.close()
