"""Cypher that people write themselves: what of it may run, decided by the server's plan and not by its words.

The plan names what the server would do: an operator that loads a file, a procedure that ends connections, a
subquery in transactions of its own. Writes are refused by the plan, and by the server in a read transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.graph.asking import Answer, Limits, Mode, Plan, Step, ask
from deeppersona_graph.graph.connection import Graph

READING = frozenset(
    {
        "db.index.fulltext.listAvailableAnalyzers",
        "db.index.fulltext.queryNodes",
        "db.index.fulltext.queryRelationships",
        "db.index.vector.queryNodes",
        "db.index.vector.queryRelationships",
        "db.info",
        "db.labels",
        "db.ping",
        "db.propertyKeys",
        "db.relationshipTypes",
        "db.schema.nodeTypeProperties",
        "db.schema.relTypeProperties",
        "db.schema.visualization",
    }
)
"""Procedures that read the graph and nothing else."""

WRITING = frozenset(
    {
        "db.create.setNodeVectorProperty",
        "db.create.setRelationshipVectorProperty",
        "db.createLabel",
        "db.createProperty",
        "db.createRelationshipType",
    }
)
"""Procedures that write to the graph and nowhere else."""

SHOWING = frozenset({"ShowConstraints", "ShowFunctions", "ShowIndexes", "ShowProcedures"})
"""What may be shown of the server."""

_REASONS = {
    "LoadCSV": "reads a file or an address beyond the graph",
    "ShowTransactions": "looks at other people's transactions",
    "TerminateTransactions": "ends transactions",
    "TransactionApply": "opens transactions of its own (CALL … IN TRANSACTIONS)",
    "TransactionForeach": "opens transactions of its own (CALL … IN TRANSACTIONS)",
    "AdministrationCommand": "administers the server",
    "RunQueryAt": "asks another database",
}

_ASIDE = r"(?:\s+|//[^\n]*(?:\n|$)|/\*.*?\*/)*"
_TYPED = re.compile(rf"({_ASIDE})(EXPLAIN|PROFILE)\b", re.DOTALL | re.IGNORECASE)
_STRING = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def ask_cypher(
    graph: Graph, text: str, parameters: Mapping[str, Any], limits: Limits, *, write: bool = False
) -> Answer:
    """Run what somebody typed in one transaction, within limits; EXPLAIN or PROFILE before it: its plan.

    Raises `InputError` for what cannot be run or may not, with the reason; nothing is changed then.
    """
    if not text.strip():
        raise InputError(
            "the query is empty; write Cypher, such as 'MATCH (p:Persona) RETURN p.name LIMIT 5'"
        )
    mode, query = _mode(text)
    foreign = frozenset(str(row["name"]) for row in graph.read("server/foreign_functions"))
    check = _checking(graph.database, foreign, write)
    return ask(graph, query, parameters, limits, check, mode=mode, write=write)


def _mode(text: str) -> tuple[Mode, str]:
    """EXPLAIN and PROFILE, where the text begins so, and the rest."""
    found = _TYPED.match(text)
    if found is None:
        return "run", text
    mode: Mode = "explain" if found[2].upper() == "EXPLAIN" else "profile"
    return mode, found[1] + " " * len(found[2]) + text[found.end() :]


def _checking(database: str, foreign: frozenset[str], write: bool) -> Callable[[Plan], None]:
    """A check that refuses by raising `InputError`."""

    def check(plan: Plan) -> None:
        steps = list(plan.root.walk())
        reason = next((why for step in steps if (why := _refusal(step, database, foreign, write))), None)
        if reason is None and plan.kind not in ("r", "w", "rw"):
            reason = (
                f"is about the schema or the server ({steps[0].operator}), not about what is in the graph"
            )
        if reason is not None:
            raise InputError(f"refused, and nothing was changed: the query {reason}")
        if plan.kind != "r" and not write:
            raise InputError(
                f"refused, and nothing was changed: the query writes{_writers(steps)}; give --write to let it"
            )

    return check


def _refusal(step: Step, database: str, foreign: Iterable[str], write: bool) -> str | None:
    """Why a step of a plan may not be taken, or None."""
    name = step.operator
    if name in _REASONS:
        return _REASONS[name]
    if name.startswith(("Show", "Terminate")) and name not in SHOWING:
        return f"looks at the server ({name}), not at the graph"
    if name == "ProcedureCall":
        called = step.details.partition("(")[0].strip()
        if called not in READING and called not in WRITING:
            return f"calls {shorten(called)}, which is none of the procedures that keep to the graph"
        if called in WRITING and not write:
            return f"writes ({called}); give --write to let it"
    if step.database and step.database.casefold() != database.casefold():
        return f"asks another database, {step.database}; connect to that one with NEO4J_DATABASE"
    plain = _STRING.sub("''", step.details)
    for one in foreign:
        if re.search(rf"(?<![\w.]){re.escape(one)}\(", plain, re.IGNORECASE):
            return f"uses {one}, a function of a plug-in, which may reach beyond the graph"
    return None


_WRITE_STEPS = ("Create", "Merge", "Set", "Remove", "Delete", "Detach", "Foreach", "LockingMerge")


def _writers(steps: Iterable[Step]) -> str:
    found = [one.operator for one in steps if one.operator.startswith(_WRITE_STEPS)]
    return f" ({', '.join(dict.fromkeys(found))})" if found else ""
