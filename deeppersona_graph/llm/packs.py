"""Many small questions of one kind, several a request, each answered and kept by itself.

A question's answer is stored under a key of its own, as if it had been asked alone. So what a question is
answered does not depend on which others went with it, and a later run, with more questions or in another
order, asks only what is new.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from deeppersona_graph.errors import ModelAnswerError, shorten
from deeppersona_graph.llm.again import again
from deeppersona_graph.llm.answers import AnswerModel, Raw
from deeppersona_graph.llm.executors.drive import Failed, Parked, Task
from deeppersona_graph.llm.means import Means
from deeppersona_graph.llm.request import Answered, Asker, Program, Request, put
from deeppersona_graph.llm.settle import Settled, fragment, settle
from deeppersona_graph.llm.store import Answer, AnswerStore

TRIES = 3
"""Times a request is put in all, where some of its questions find no answer that can stand."""

SPLIT = 1
"""The sample of a question's own key: never asked, it names an answer that came with others."""

_AMONG = """
SELECT questions FROM packs WHERE prompt = ?
ORDER BY EXISTS (SELECT 1 FROM answers WHERE answers.key = packs.key) DESC, key
"""
"""The packs of a prompt, those that were answered first."""

COMPLAINTS = 8
"""Faults that an error quotes, at most."""


class Numbered(AnswerModel):
    """The answer to one question of a pack."""

    number: int


N = TypeVar("N", bound=Numbered)


@dataclass(frozen=True)
class Kind(Generic[N]):
    """Questions that one prompt asks, which takes them as `items`, a numbered line each."""

    prompt: str
    answer: type[Any]
    """The model of the whole answer, with `answers: list[N]`."""
    size: int
    """Questions a request."""
    tokens: int
    """Tokens that one answer may take."""
    fault: Callable[[str, N], str | None] = lambda _text, _answer: None
    """What is wrong with an answer that has the right form; None: nothing."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """What the prompt takes beside `items`, the same for all questions."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[N]):
    """The answer to one question, and the key it is stored under."""

    value: N
    key: str


@dataclass
class Replies(Generic[N]):
    """What came of questions: answers by text, those that found none with the reason, and those that wait."""

    given: dict[str, Reply[N]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    files: tuple[Path, ...] = ()


Told = Callable[[int, int], None]
"""Told how many questions are answered, and how many there are."""


class Packer:
    """Asks questions of any kind by the means of a run."""

    def __init__(self, means: Means, store: AnswerStore, asker: Asker) -> None:
        self._means, self._store, self._asker = means, store, asker
        self._packs = Packs(store)

    def ask(self, kind: Kind[N], texts: Iterable[str], told: Told = lambda *_: None) -> Replies[N]:
        """The answers to all questions, as far as they are to be had; equal texts are asked once."""
        questions = {self._own(kind, text).key: text for text in sorted(set(texts))}
        replies: Replies[N] = Replies()
        self._recall(kind, questions.values(), replies)
        told(len(replies.given), len(questions))
        open_ = [text for text in questions.values() if text not in replies.given]
        if not open_:
            return replies
        asked = set(open_)
        packs = {str(n): pack for n, pack in enumerate(self._packed(kind, open_))}
        tasks = (Task(name, self._program(kind, pack)) for name, pack in packs.items())
        with closing(self._means.executor.run(tasks)) as outcomes:
            for outcome in outcomes:
                pack = packs[outcome.name]
                wanted = [text for text in pack if text in asked]
                self._recall(kind, wanted, replies)
                left = [text for text in wanted if text not in replies.given]
                if isinstance(outcome, Parked):
                    replies.waiting += len(left)
                else:
                    self._packs.forget(self._request(kind, pack).key)
                if isinstance(outcome, Failed):
                    replies.failed |= dict.fromkeys(left, str(outcome.error))
                told(len(replies.given), len(questions))
        replies.files = self._means.files
        return replies

    def expected(self, kind: Kind[N], texts: Iterable[str]) -> list[Request[Any]]:
        """The requests that would be sent for these questions; nothing is asked."""
        questions = {self._own(kind, text).key: text for text in sorted(set(texts))}
        found: Replies[N] = Replies()
        self._recall(kind, questions.values(), found)
        open_ = [text for text in questions.values() if text not in found.given]
        return [self._request(kind, pack) for pack in _cut(open_, kind.size)]

    def _recall(self, kind: Kind[N], texts: Iterable[str], replies: Replies[N]) -> None:
        for text in texts:
            settled = settle(self._own(kind, text), self._store.get)
            if isinstance(settled, Settled):
                replies.given[text] = Reply(settled.value.answers[0], settled.key)

    def _packed(self, kind: Kind[N], open_: Collection[str]) -> list[Sequence[str]]:
        """Questions in packs. Those that went together in a request of an earlier run go together again, even
        with questions that are no longer wanted, so that an answer which came meanwhile, or will come in a
        batch file, is theirs."""
        known = self._packs.among(kind.prompt, open_)
        packed = {text for pack in known for text in pack}
        new = _cut([text for text in open_ if text not in packed], kind.size)
        self._packs.note(kind.prompt, {self._request(kind, pack).key: pack for pack in new})
        return [*known, *new]

    def _program(self, kind: Kind[N], texts: Sequence[str]) -> Program[None]:
        """Ask one pack, and keep the answer to each question under its own key."""
        request = self._request(kind, texts)
        open_ = dict(enumerate(texts, start=1))
        for turn in range(TRIES):
            try:
                answered = yield from put(request)
            except ModelAnswerError as error:
                yield from self._divide(kind, list(open_.values()), error)
                return
            faults = self._keep(kind, open_, answered)
            if not faults:
                return
            listed = "\n".join(f"{number}: {fault}" for number, fault in faults.items())
            if turn == TRIES - 1:
                raise ModelAnswerError(
                    f"{request} left {len(faults)} questions without an answer that can stand: "
                    f"{shorten('; '.join(list(faults.values())[:COMPLAINTS]), 160)}; run again to ask anew",
                    [answered.key],
                )
            request = again(request, answered, fragment("pack-again", complaints=listed))

    def _divide(self, kind: Kind[N], texts: Sequence[str], error: ModelAnswerError) -> Program[None]:
        """Ask each half by itself, so that one question which is refused does not spoil the others."""
        if len(texts) < 2:
            raise error
        middle, failed = len(texts) // 2, []
        for half in (texts[:middle], texts[middle:]):
            try:
                yield from self._program(kind, half)
            except ModelAnswerError as one:
                failed.append(one)
        if failed:
            raise ModelAnswerError(str(failed[0]), [key for one in failed for key in one.keys])

    def _keep(self, kind: Kind[N], open_: dict[int, str], answered: Answered[Any]) -> dict[int, str]:
        """Keep what can stand and take it out of `open_`; what is wrong with the rest, by number."""
        given = {one.number: one for one in answered.value.answers}
        faults: dict[int, str] = {}
        kept: list[Answer] = []
        whole = next(self._store.answers([answered.key]))
        for number, text in list(open_.items()):
            one = given.get(number)
            fault = "there is no answer to it" if one is None else kind.fault(text, one)
            if one is None or fault is not None:
                faults[number] = fault or ""
                continue
            alone = kind.answer(answers=[one.model_copy(update={"number": 1})]).model_dump_json()
            own = self._own(kind, text)
            kept.append(
                replace(
                    whole,
                    key=own.key,
                    characters=own.characters,
                    raw=Raw(alone, "stop", None, whole.raw.model),
                    time=time.time(),
                )
            )
            del open_[number]
        self._store.add(kept)
        return faults

    def _request(self, kind: Kind[N], texts: Sequence[str]) -> Request[Any]:
        items = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))
        inputs: dict[str, Any] = {**kind.inputs, "items": items}
        request = self._asker.request(kind.prompt, kind.answer, **inputs)
        return request.with_room_for(len(texts) * kind.tokens)

    def _own(self, kind: Kind[N], text: str) -> Request[Any]:
        """What a question's own answer is stored under."""
        return replace(self._request(kind, [text]), sample=SPLIT)


class Packs:
    """Which questions went together in requests that are not answered yet, beside the answers on disk."""

    def __init__(self, store: AnswerStore) -> None:
        self._database = store.database

    def among(self, prompt: str, open_: Collection[str]) -> list[Sequence[str]]:
        """The packs of a prompt that hold any of the questions `open_`, by their texts."""
        rows = self._database.read(lambda connection: connection.execute(_AMONG, (prompt,)).fetchall())
        wanted = set(open_)
        found: list[Sequence[str]] = []
        for (spelled,) in rows:
            texts: list[str] = json.loads(spelled)
            if not wanted.isdisjoint(texts):
                wanted.difference_update(texts)
                found.append(texts)
        return found

    def note(self, prompt: str, packs: Mapping[str, Sequence[str]]) -> None:
        """Take down packs, by the keys of their requests, before they are asked."""
        rows = [(key, prompt, json.dumps(texts, ensure_ascii=False)) for key, texts in packs.items()]
        self._database.write(
            lambda connection: connection.executemany("INSERT OR REPLACE INTO packs VALUES (?, ?, ?)", rows)
        )

    def forget(self, key: str) -> None:
        """This pack has had its answer, whatever came of it."""
        self._database.write(lambda connection: connection.execute("DELETE FROM packs WHERE key = ?", (key,)))


def _cut(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]
