"""What records of dialogues look like: question and answer, lists of messages, ShareGPT, plain sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deeppersona_graph.lines import LineError, is_storable, json_of, listed, storable
from deeppersona_graph.taxonomy.dialogues.masking import quoted

PAIRS = (
    ("question", "answer"),
    ("prompt", "response"),
    ("prompt", "completion"),
    ("instruction", "output"),
    ("input", "output"),
    ("query", "response"),
)
"""Fields that hold a question and its answer, the first pair that a record has."""

CHATS = ("messages", "conversations", "conversation")
"""Fields that hold the turns of a chat."""

ASKING = frozenset({"user", "human", "prompter"})
ANSWERING = frozenset({"assistant", "gpt", "chatgpt", "bot", "model"})
PASSED_OVER = frozenset({"system", "developer", "tool", "function", "observation", "function_call"})
"""Who speaks a turn, as its `role` or `from` says."""

_BEGINS_JSON = re.compile(r"\{|\[\s*(?:[\[{\"\]]|$)")
_ENDS_JSON = re.compile(r"[}\]]\s*,?$|^[\[{\]}],?$")
_ESCAPED = re.compile(r"(?<!\\)\\[nrt]")
"""White space as JSON writes it, which would hide that a name begins after it."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Said:
    """A question and its answer as the file has them, trimmed; notes of where they come from, masked."""

    question: str
    answer: str
    source: str = ""
    licence: str = ""


def begins_json(text: str) -> bool:
    """Whether a line is meant as JSON: a sentence may begin with a remark in brackets, too."""
    return _BEGINS_JSON.match(text) is not None


def records_on(line: str) -> list[Any]:
    """The records on a line: one as a rule, several where it is a list of them, a text if it is no JSON.

    Raises `LineError` for what is neither a record nor a sentence.
    """
    text = line.strip()
    if not begins_json(text):
        if _NO_TEXT.search(text) or ('"' in text and _ENDS_JSON.search(text)):
            raise LineError(f"is no sentence: {_shown(text)!r}")
        return [text]
    record = json_of(text)
    return record if isinstance(record, list) and record and not all(map(is_turn, record)) else [record]


def said_in(record: Any) -> list[Said]:
    """What a record says: a pair, a chat, or a sentence; raises `LineError` where it is of no use."""
    try:
        if isinstance(record, Mapping):
            return _of_object(record)
        if isinstance(record, list):
            return _chat(record)
        if isinstance(record, str):
            return [_checked("", _clean(record, "the sentence"))]
    except RecursionError as error:
        raise LineError("is nested too deep") from error
    raise LineError(f"is no record but {_briefly(record)}; expected a question and its answer, or a chat")


def is_turn(record: Any) -> bool:
    """Whether it is a turn of a chat, and no record of its own."""
    return isinstance(record, Mapping) and ("role" in record or "from" in record)


def _of_object(record: Mapping[str, Any]) -> list[Said]:
    fields = {name.casefold(): value for name, value in record.items()}
    source, licence = _note(fields, "source"), _note(fields, "licence") or _note(fields, "license")
    chat = next((fields[name] for name in CHATS if isinstance(fields.get(name), list)), None)
    found = [_pair(fields)] if chat is None else _chat(chat)
    return [replace(one, source=source, licence=licence) for one in found]


def _chat(turns: Sequence[Any]) -> list[Said]:
    """The exchanges of a chat, whose turns are messages or hold both sides."""
    if turns and all(map(is_turn, turns)):
        return list(_exchanges(turns))
    if turns and all(isinstance(turn, Mapping) for turn in turns):
        return [_pair({name.casefold(): value for name, value in turn.items()}) for turn in turns]
    raise LineError(f"is no chat: {_briefly(turns)}; expected a list of turns with a role and a content")


def _pair(fields: Mapping[str, Any]) -> Said:
    names = next((pair for pair in PAIRS if pair[0] in fields and pair[1] in fields), None)
    if names is None:
        found = listed(quoted(name, 40) for name in fields) or "no field"
        raise LineError(
            f"has no question and answer; it has {found}, "
            f"expected {' and '.join(map(repr, PAIRS[0]))} or a list {CHATS[0]!r}"
        )
    question, answer = (_clean(fields[name], f"the field {name!r}") for name in names)
    if names[0] == "instruction" and fields.get("input"):
        more = _clean(fields["input"], "the field 'input'")
        question = f"{question}\n\n{more}".strip()
    return _checked(question, answer)


def _exchanges(turns: Iterable[Mapping[str, Any]]) -> Iterator[Said]:
    """Each turn of the user with the answer that follows; what the assistant says unasked is passed over."""
    asked: str | None = None
    users = False
    for turn in turns:
        asks, text = _turn(turn)
        if asks is None or not text:
            users = users or asks is True
            continue
        if asks:
            if asked is not None:
                yield Said(asked, "")
            asked, users = text, True
        elif asked is not None:
            yield Said(asked, text)
            asked = None
    if asked is not None:
        yield Said(asked, "")
    if not users:
        raise LineError("is a chat in which no user speaks")


def _turn(turn: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Whether a turn asks or answers (neither: it is passed over), and its text."""
    role = turn["role"] if "role" in turn else turn["from"]
    name = role.strip().casefold() if isinstance(role, str) else ""
    if name in PASSED_OVER:
        return None, ""
    if name not in ASKING | ANSWERING:
        raise LineError(f"has a turn by {_briefly(role)}; expected 'user' or 'assistant'")
    content = next((turn[key] for key in ("content", "value", "text") if key in turn), None)
    return name in ASKING, _clean(content, f"a turn by {name!r}")


def _clean(content: Any, what: str) -> str:
    """The text of a field, trimmed; parts are joined, and pictures among them passed over."""
    if isinstance(content, list):
        parts = [part if isinstance(part, str) else _part(part) for part in content]
        content = "\n".join(part for part in parts if part)
    if content is None:
        return ""
    if not isinstance(content, str):
        raise LineError(f"is of no use: {what} is no text but {_briefly(content)}")
    if not is_storable(content):
        raise LineError(f"is of no use: {what} is no valid Unicode text")
    return content.strip()


def _part(part: Any) -> str:
    text = part.get("text") if isinstance(part, Mapping) else None
    return text if isinstance(text, str) else ""


def _checked(question: str, answer: str) -> Said:
    if not question and not answer:
        raise LineError("is of no use: question and answer are both empty")
    return Said(question, answer)


def _note(fields: Mapping[str, Any], name: str) -> str:
    """What a record says of where it comes from, masked; what is no text says nothing."""
    note = fields.get(name)
    return quoted(storable(note).replace("\0", ""), 200) if isinstance(note, str) else ""


def _briefly(found: Any) -> str:
    return _shown(storable(json.dumps(found, default=str, ensure_ascii=False)))


def _shown(json_text: str) -> str:
    return quoted(_ESCAPED.sub(" ", json_text), 40)
