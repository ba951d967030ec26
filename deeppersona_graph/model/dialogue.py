"""What people say in dialogues, as the tree is mined from it (DeepPersona §3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import normal


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer, with whatever could tell who spoke masked."""

    id: str
    """16 hexadecimal digits, a hash of the masked texts."""
    question: str
    """Empty for a plain sentence about a person."""
    answer: str
    """Empty for a question that nobody answered."""
    source: str = ""
    """The collection it was taken from, as its record says, else the file's name."""
    licence: str = ""


def exchange_id(question: str, answer: str) -> str:
    """The id of an exchange, the same however its words are spaced or capitalised."""
    return digest("exchange", normal(question), normal(answer)).hex()[:16]
