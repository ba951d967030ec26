"""A change of a tree: one transaction, which raises the version, logs, and leaves all derived in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deeppersona_graph.graph.connection import Graph, Transaction

T = TypeVar("T")


class OvertakenError(Exception):
    """Another process changed the taxonomy between reading and writing."""


def change_tree(
    graph: Graph,
    taxonomy: str,
    version: int,
    operation: str,
    arguments: str,
    work: Callable[[Transaction], T],
) -> tuple[int, T]:
    """Do `work` on a taxonomy that was read at `version`; the new version, and what the work returned.

    Raising the version first locks the taxonomy until the transaction ends. Raises `OvertakenError` where it
    has another version by now, and what the work raises; then nothing is written.
    """

    def write(tx: Transaction) -> tuple[int, T]:
        rows = tx.run(
            "taxonomy/raise_version", taxonomy=taxonomy, operation=operation, arguments=arguments, before=None
        )
        raised = int(rows[0]["version"])
        if raised != version + 1:
            raise OvertakenError
        came = work(tx)
        tx.run("taxonomy/count_support", taxonomy=taxonomy)
        tx.run("taxonomy/derive", taxonomy=taxonomy)
        counted = tx.run("taxonomy/survey", taxonomy=taxonomy)[0]["counted"]
        tx.run("taxonomy/record_counts", taxonomy=taxonomy, counts=counted)
        return raised, came

    return graph.transact(write)
