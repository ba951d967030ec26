"""The one place that speaks to an endpoint: the `openai` client at any address, without its own retries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from deeppersona_graph.errors import ModelAccessError, shorten
from deeppersona_graph.llm.abilities import KnownAbilities
from deeppersona_graph.llm.answers import NoCompletionError, Raw, Unusable, raw_from_body, read
from deeppersona_graph.llm.faults import Fault, kind_of, retry_after, verdict
from deeppersona_graph.llm.request import Request
from deeppersona_graph.settings import Settings

if TYPE_CHECKING:
    from openai import APIStatusError

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent where an endpoint of the user's own needs no key; the client insists on one."""


class Provider(Protocol):
    """Answers one request at a time; called by many threads."""

    def complete(self, request: Request[Any]) -> Raw:
        """The answer as it came; raises `Fault`."""
        ...

    def close(self) -> None:
        """Give back connections; requests in flight are lost."""
        ...


class OpenAIProvider:
    """Any endpoint that speaks the OpenAI protocol: OpenAI, Azure, vLLM, Ollama, llama.cpp."""

    def __init__(self, base_url: str | None, api_key: str | None, *, timeout: float) -> None:
        """`timeout` is in seconds of silence. Raises `ModelAccessError` where OpenAI is meant and no key is
        given, or the address is none."""
        from openai import OpenAI

        if not api_key and not base_url:
            raise ModelAccessError(
                "a model is named but there is no key; set OPENAI_API_KEY, or --base-url to an endpoint that "
                "needs none"
            )
        self.abilities = KnownAbilities()
        self._key = api_key or NO_KEY
        address = base_url or OPENAI
        if not address.startswith(("http://", "https://")):
            raise ModelAccessError(
                f"{shorten(self._scrub(address))!r} is no address of an endpoint; "
                "write it like http://localhost:11434/v1"
            )
        self._client = OpenAI(api_key=self._key, base_url=address, timeout=timeout, max_retries=0)

    def complete(self, request: Request[Any]) -> Raw:
        """The answer, asked for in the form the endpoint accepts; raises `Fault`."""
        while True:
            tried = self.abilities.of(request.model)
            try:
                raw = self._ask(tried.body(request))
            except Fault as fault:
                decided = verdict(fault)
                if decided == "refused":
                    return Raw("", "content_filter", fault.message, request.model)
                if decided == "adapt" and self.abilities.learn(request.model, tried, fault):
                    continue
                raise
            reading = read(request.answer, raw)
            if not isinstance(reading, Unusable) or reading.flaw in ("no JSON", "wrong schema"):
                kept = not isinstance(reading, Unusable)
                self.abilities.note(request.model, tried, kept_to_schema=kept)
            return raw

    def close(self) -> None:
        """Give back connections; requests in flight are lost."""
        self._client.close()

    def _ask(self, body: dict[str, Any]) -> Raw:
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        # The causes are cut off (`from None`): they hold the request's headers, and with them the key.
        try:
            response = self._client.chat.completions.with_raw_response.create(**body)
        except APITimeoutError:
            raise Fault("timeout", f"no answer within {self._client.timeout} s") from None
        except APIConnectionError as error:
            cause = self._scrub(shorten(str(error.__cause__ or error), 200))
            raise Fault("connection", f"the connection failed: {cause}") from None
        except APIStatusError as error:
            raise self._fault(error) from None
        try:
            answered = json.loads(response.http_response.content)
        except ValueError:
            page = self._scrub(shorten(response.http_response.text, 120))
            raise Fault("page", f"no JSON but {page!r}") from None
        if isinstance(answered, dict) and isinstance(answered.get("error"), dict):
            raise self._fault_in_body(answered["error"])
        try:
            raw = raw_from_body(answered)
        except NoCompletionError as error:
            raise Fault("page", self._scrub(str(error))) from None
        refusal = None if raw.refusal is None else self._scrub(raw.refusal)
        return replace(raw, text=self._scrub(raw.text), refusal=refusal)

    def _fault(self, error: APIStatusError) -> Fault:
        return Fault(
            kind_of(error.status_code),
            self._scrub(shorten(_said(error.body) or error.message, 300)),
            status=error.status_code,
            code=_word(error.code),
            parameter=_word(error.param),
            retry_after=retry_after(error.response.headers.get("retry-after")),
        )

    def _fault_in_body(self, error: dict[str, Any]) -> Fault:
        """Some gateways answer 200 and put the status into the body."""
        code = error.get("code")
        status = code if isinstance(code, int) and code >= 400 else 502
        return Fault(
            kind_of(status),
            self._scrub(shorten(str(error.get("message")), 300)),
            status=status,
            code=_word(code),
            parameter=_word(error.get("param")),
        )

    def _scrub(self, text: str) -> str:
        """What an endpoint says may quote the key."""
        return text if self._key == NO_KEY else text.replace(self._key, "[key]")


def open_provider(settings: Settings) -> OpenAIProvider:
    """The endpoint that the settings name; raises `ModelAccessError`."""
    key = None if settings.api_key is None else settings.api_key.get_secret_value()
    return OpenAIProvider(settings.base_url, key, timeout=settings.request_timeout)


def _said(body: object) -> str:
    """The message in an error's JSON; servers wrap it in `error`, `message` or `detail`."""
    if isinstance(body, dict):
        for name in ("message", "error", "detail"):
            if body.get(name):
                return str(body[name])
    return ""


def _word(value: object) -> str | None:
    return None if value is None else str(value)
