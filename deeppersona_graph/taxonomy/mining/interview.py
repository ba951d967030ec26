"""The questions of a mining run: asked once for each taxonomy, and taken down in its graph with the answers.

A decision is kept as a node by what was asked, whatever model answered, so that more dialogues, another
model, or another machine with the same database ask nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.packs import Kind, Numbered, Packer, Reply
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.taxonomy.mining.questions import ALIGN, CLASSIFY, EXTRACT
from deeppersona_graph.taxonomy.store import Progress, write_rows

N = TypeVar("N", bound=Numbered)


class WaitingError(Exception):
    """The next step needs answers that are still to come from batch files."""


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: str
    request: str


def decision_id(kind: Kind[Any], text: str) -> str:
    """The id of the decision on a question; which domain a root stands for depends on which there are."""
    bound = kind.inputs.values() if kind.prompt == ALIGN.prompt else ()
    return digest("decision", kind.prompt, text, *bound).hex()[:16]


class Interview:
    """Asks by the means of a run, and remembers."""

    def __init__(self, packer: Packer, graph: Graph, taxonomy: str, progress: Progress) -> None:
        self._packer, self._graph, self._taxonomy, self._progress = packer, graph, taxonomy, progress
        rows = graph.read("mining/read_decisions", taxonomy=taxonomy)
        self._known = {row["id"]: _Kept(row["answer"], row["request"]) for row in rows}
        self.failed: dict[str, str] = {}
        """Questions that found no usable answer, by prompt and text, with the reason."""
        self.waiting = 0
        """Questions that wait for batch files."""
        self.files: tuple[Path, ...] = ()

    def ask(self, kind: Kind[N], texts: Iterable[str], about: str) -> dict[str, Reply[N]]:
        """The answers to these questions, as far as they are to be had; `about` names the step."""
        wanted = sorted(set(texts))
        found = {text: known for text in wanted if (known := self._recalled(kind, text)) is not None}
        open_ = [text for text in wanted if text not in found]
        if not open_:
            return found
        replies = self._packer.ask(kind, open_, lambda done, total: self._progress(about, done, total))
        self._record(kind, replies.given)
        self.failed |= {f"{kind.prompt} {text}": reason for text, reason in replies.failed.items()}
        self.waiting += replies.waiting
        self.files += replies.files
        return found | replies.given

    def check(self) -> None:
        """Raise `WaitingError` where answers are outstanding."""
        if self.waiting:
            raise WaitingError

    def failed_on(self, text: str) -> bool:
        """Whether any question of this text found no usable answer."""
        return any(f"{kind.prompt} {text}" in self.failed for kind in (CLASSIFY, EXTRACT))

    def decision(self, kind: Kind[Any], text: str) -> str:
        """The id of the decision on a question that was answered."""
        return decision_id(kind, text)

    def _recalled(self, kind: Kind[N], text: str) -> Reply[N] | None:
        kept = self._known.get(decision_id(kind, text))
        if kept is None:
            return None
        try:
            answer = kind.answer.model_validate_json(kept.answer).answers[0]
        except (ValidationError, IndexError):  # of an earlier form of the answer
            return None
        return Reply(answer, kept.request)

    def _record(self, kind: Kind[N], replies: dict[str, Reply[N]]) -> None:
        subject = kind.prompt not in (CLASSIFY.prompt, EXTRACT.prompt)  # exchanges stand in the graph anyway
        rows = []
        for text, reply in replies.items():
            alone = kind.answer(answers=[reply.value]).model_dump_json()
            identity = decision_id(kind, text)
            self._known[identity] = _Kept(alone, reply.key)
            rows.append(
                {
                    "id": identity,
                    "step": kind.prompt,
                    "subject": text if subject else None,
                    "answer": alone,
                    "reason": getattr(reply.value, "reason", None),
                    "request": reply.key,
                }
            )
        write_rows(self._graph, "mining/record_decisions", self._taxonomy, rows)


def with_inputs(kind: Kind[N], **inputs: str) -> Kind[N]:
    """The kind with what its prompt takes beside the questions."""
    return replace(kind, inputs=inputs)
