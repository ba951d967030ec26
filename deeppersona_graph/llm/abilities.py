"""What a model at an endpoint accepts: found out by asking, never from lists of names.

One begins with everything. What an endpoint answers 400 to, naming it, is left away from then on; an endpoint
that takes a schema without a word and does not keep to it is shown the schema in the prompt instead.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from deeppersona_graph.llm.faults import Fault
from deeppersona_graph.llm.prompts import Message
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.schema import answer_schema, schema_name, schema_text
from deeppersona_graph.llm.settle import fragment

log = logging.getLogger(__name__)

STRIKES = 3
"""Answers in a row that do not keep to a schema before the endpoint is taken not to know schemas."""

Format = Literal["schema", "json", "text"]

_FORMATS: Mapping[Format, Format] = {"schema": "json", "json": "text"}
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "schema", "guided")
_SYSTEM_WORDS = ("system role", "role 'system'", "role: system", "system message", "developer instruction")


@dataclass(frozen=True, slots=True)
class Abilities:
    """How a request is put to a model at an endpoint."""

    format: Format = "schema"
    limit: Literal["max_completion_tokens", "max_tokens"] | None = "max_completion_tokens"
    temperature: bool = True
    seed: bool = True
    system: bool = True

    def body(self, request: Request[Any]) -> dict[str, Any]:
        """The JSON of a chat completion request; the unchanging parts come first."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": one.role, "content": one.text} for one in self._messages(request)],
        }
        if self.format == "schema":
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": schema_name(request.answer),
                    "schema": answer_schema(request.answer),
                    "strict": True,
                },
            }
        elif self.format == "json":
            body["response_format"] = {"type": "json_object"}
        if self.temperature and request.temperature is not None:
            body["temperature"] = request.temperature
        if self.limit and request.max_tokens is not None:
            body[self.limit] = request.max_tokens
        if self.seed:
            body["seed"] = int(request.key[:8], 16) >> 1
        return body

    def without(self, fault: Fault) -> Abilities | None:
        """The next form to try after a request was rejected; None where the fault names nothing of ours."""
        named = f"{fault.parameter or ''} {fault.message}".lower()
        if self.temperature and "temperature" in named:
            return replace(self, temperature=False)
        if self.limit and self.limit in named:
            return replace(self, limit="max_tokens" if self.limit == "max_completion_tokens" else None)
        if self.format != "text" and any(word in named for word in _FORMAT_WORDS):
            return replace(self, format=_FORMATS[self.format])
        if self.system and any(word in named for word in _SYSTEM_WORDS):
            return replace(self, system=False)
        if self.seed and "seed" in named:
            return replace(self, seed=False)
        return None

    def _messages(self, request: Request[Any]) -> list[Message]:
        messages = list(request.messages)
        if self.format != "schema":
            schema = fragment("answer-format", schema=schema_text(request.answer))
            if messages[0].role == "system":
                messages[0] = Message("system", f"{messages[0].text}\n\n{schema}")
            else:
                messages.insert(0, Message("system", schema))
        if not self.system and messages[0].role == "system":
            system, first, *rest = messages
            messages = [Message(first.role, f"{system.text}\n\n{first.text}"), *rest]
        return messages


class KnownAbilities:
    """The abilities of the models of one endpoint as far as they are known; shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Abilities] = {}
        self._strikes: dict[str, int] = {}

    def of(self, model: str) -> Abilities:
        """How to put the next request to this model."""
        with self._lock:
            return self._known.get(model, Abilities())

    def learn(self, model: str, tried: Abilities, fault: Fault) -> bool:
        """Whether there is another form to try after `tried` was rejected."""
        with self._lock:
            if self._known.get(model, Abilities()) != tried:
                return True  # another thread has learnt meanwhile
            following = tried.without(fault)
            if following is None:
                return False
            self._known[model] = following
        log.info("%s rejects a request in the form %s (%s); trying %s", model, tried, fault, following)
        return True

    def note(self, model: str, tried: Abilities, *, kept_to_schema: bool) -> None:
        """Count answers that do not keep to a schema; after `STRIKES` in a row it goes into the prompt."""
        if tried.format != "schema":
            return
        with self._lock:
            self._strikes[model] = 0 if kept_to_schema else self._strikes.get(model, 0) + 1
            if self._strikes[model] < STRIKES or self._known.get(model, Abilities()) != tried:
                return
            self._known[model] = replace(tried, format="json")
        log.info("%s does not keep to schemas; they go into the prompt from now on", model)
