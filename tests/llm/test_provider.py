"""What an endpoint accepts is found out by asking; and the key stays where it belongs."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from endpoint import KEY, Call, Endpoint, Reply, error, said, usual
from programs import ASKER, Word, tasks

from deeppersona_graph.errors import DeepPersonaError, InputError, ModelAccessError
from deeppersona_graph.llm.answers import read
from deeppersona_graph.llm.executors.drive import Failed
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.faults import Fault
from deeppersona_graph.llm.providers import OpenAIProvider, open_provider
from deeppersona_graph.llm.recordings import export_answers
from deeppersona_graph.llm.request import Asker, Request
from deeppersona_graph.llm.store import AnswerStore
from deeppersona_graph.settings import load_settings


def request(number: int = 0) -> Request[Word]:
    return ASKER.request("next-word", Word, name=f"person {number}", step=0, before="")


def unsupported(*refused: str, says: str = "Unsupported parameter: {!r}") -> Callable[[Call], Reply]:
    """An endpoint that names the first parameter of a request that it does not take."""

    def script(call: Call) -> Reply:
        for name in refused:
            if name in call.body:
                return error(400, says.format(name), param=name)
        return usual(call)

    return script


def test_all_that_decides_the_answer_is_sent(provider: OpenAIProvider, endpoint: Endpoint) -> None:
    provider.complete(request())
    body = endpoint.calls[0].body
    assert (body["model"], body["temperature"], body["max_completion_tokens"]) == ("gpt-4o-mini", 0.7, 200)
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["word", "number"]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert endpoint.calls[0].authorization == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["temperature", "seed", "max_completion_tokens", "response_format"])
def test_a_parameter_that_is_refused_is_left_away_from_then_on(
    provider: OpenAIProvider, endpoint: Endpoint, name: str
) -> None:
    endpoint.script = unsupported(name)
    for number in range(3):
        assert read(Word, provider.complete(request(number)))
    assert len(endpoint.calls) == 3 + (1 if name != "response_format" else 2)
    assert name not in endpoint.calls[-1].body


def test_a_model_that_takes_next_to_nothing_is_still_asked(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = unsupported(
        "temperature", "seed", "max_completion_tokens", "max_tokens", "response_format"
    )
    assert read(Word, provider.complete(request())) == read(Word, provider.complete(request()))
    assert set(endpoint.calls[-1].body) == {"model", "messages"}
    assert '"additionalProperties": false' in endpoint.calls[-1].body["messages"][0]["content"]


def test_an_endpoint_without_schemas_gets_json_mode_with_the_schema_in_the_unchanging_part(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = lambda call: (
        error(
            400,
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        )
        if call.body["response_format"]["type"] == "json_schema"
        else usual(call)
    )
    provider.complete(request(1))
    provider.complete(request(2))
    first, second = (call.body for call in endpoint.calls[1:])
    assert first["response_format"] == {"type": "json_object"}
    assert first["messages"][0] == second["messages"][0]
    assert '"word"' in first["messages"][0]["content"]


def test_a_max_tokens_that_must_have_the_other_name_gets_it(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = unsupported("max_completion_tokens", says="Unrecognized request argument supplied: {}")
    provider.complete(request())
    assert endpoint.calls[-1].body["max_tokens"] == 200


def test_a_model_without_a_system_role_gets_it_in_the_first_turn(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = lambda call: (
        error(400, "System role not supported")
        if call.body["messages"][0]["role"] == "system"
        else usual(call)
    )
    provider.complete(request())
    (message,) = endpoint.calls[-1].body["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith("You continue lists of words")


def test_an_endpoint_that_ignores_schemas_is_shown_them_after_a_while(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = lambda call: usual(call) if "JSON schema" in call.text else said("As you like!")
    for number in range(4):
        provider.complete(request(number))
    assert [call.body["response_format"]["type"] for call in endpoint.calls] == ["json_schema"] * 3 + [
        "json_object"
    ]


def test_what_one_model_refuses_says_nothing_of_another(provider: OpenAIProvider, endpoint: Endpoint) -> None:
    endpoint.script = lambda call: (
        unsupported("temperature")(call) if call.body["model"] == "gpt-4o-mini" else usual(call)
    )
    provider.complete(request())
    other = Asker(ASKER.prompts, "other")
    provider.complete(other.request("next-word", Word, name="x", step=0, before=""))
    assert endpoint.calls[-1].body["temperature"] == 0.7


def test_a_rejection_that_names_nothing_of_ours_is_a_fault(
    provider: OpenAIProvider, endpoint: Endpoint
) -> None:
    endpoint.script = lambda _: error(400, "the moon is full")
    with pytest.raises(Fault, match="rejected 400: the moon is full"):
        provider.complete(request())
    assert len(endpoint.calls) == 1


def test_a_content_filter_before_the_model_is_a_refusal(provider: OpenAIProvider, endpoint: Endpoint) -> None:
    endpoint.script = lambda _: error(
        400, "triggering Azure's content management policy", code="content_filter"
    )
    assert provider.complete(request()).refusal == "triggering Azure's content management policy"


def test_no_endpoint_at_all_is_a_lost_connection(endpoint: Endpoint) -> None:
    url = endpoint.url
    endpoint.server_close()
    provider = OpenAIProvider(url, KEY, timeout=1.0)
    with pytest.raises(Fault, match="connection") as found:
        provider.complete(request())
    assert found.value.kind == "connection"
    provider.close()


def test_a_model_without_a_key_or_an_address_is_a_missing_prerequisite() -> None:
    with pytest.raises(ModelAccessError, match="set OPENAI_API_KEY"):
        OpenAIProvider(None, None, timeout=1.0)
    with pytest.raises(ModelAccessError, match="no address"):
        OpenAIProvider("localhost:11434", None, timeout=1.0)


def test_an_endpoint_of_ones_own_needs_no_key(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    provider = open_provider(load_settings(base_url=endpoint.url))
    provider.complete(request())
    assert endpoint.calls[0].authorization == "Bearer none"
    provider.close()


def test_settings_take_key_and_address_from_the_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("DEEPPERSONA_MODEL", "m")
    settings = load_settings()
    assert settings.api_key is not None
    assert (settings.api_key.get_secret_value(), settings.base_url, settings.model) == (
        KEY,
        "http://localhost:1/v1",
        "m",
    )
    assert KEY not in repr(settings)


def test_keys_of_other_programs_are_not_read_and_a_wrong_one_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("API_KEY", KEY)
    monkeypatch.setenv("BASE_URL", "http://localhost:1/v1")
    settings = load_settings()
    assert (settings.api_key, settings.base_url) == (None, None)
    with pytest.raises(InputError) as raised:
        load_settings(api_key=[KEY])
    assert KEY not in str(raised.value)


LEAKS: list[Callable[[Call], Reply]] = [
    lambda call: error(401, f"Incorrect API key provided: {call.authorization}"),
    lambda call: error(400, f"bad request, headers were {call.authorization}"),
    lambda call: error(500, f"crashed with {call.authorization}"),
    lambda call: Reply(502, f"<html>{call.authorization}</html>".encode(), {"Content-Type": "text/html"}),
    lambda call: Reply(200, f"<html>{call.authorization}</html>".encode(), {"Content-Type": "text/html"}),
    lambda call: said(None, refusal=f"Not with {call.authorization}"),
    lambda call: said(f"Your key is {call.authorization}"),
    lambda call: said(json.dumps({"word": call.authorization, "number": "x"})),
    lambda call: said(json.dumps({"word": call.authorization, "number": 1})),
    lambda call: Reply(content=json.dumps({"error": {"message": call.authorization, "code": 500}}).encode()),
    lambda _: Reply(drop=True),
]


@pytest.mark.parametrize("leak", LEAKS)
def test_the_key_is_nowhere_after_a_run_with_failures(
    executor: Callable[..., OnlineExecutor],
    endpoint: Endpoint,
    store: AnswerStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    leak: Callable[[Call], Reply],
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.script = leak
    seen: list[str] = []
    once = executor()
    try:
        for outcome in once.run(tasks(3, 1)):
            seen.append(repr(outcome))
            if isinstance(outcome, Failed):
                seen.extend(_all_texts(outcome.error))
    except DeepPersonaError as raised:
        seen.extend(_all_texts(raised))
    assert endpoint.calls[0].authorization == f"Bearer {KEY}"
    seen.extend([json.dumps(once.report.plain()), once.report.summary(), caplog.text])
    seen.extend(repr(record.__dict__) for record in caplog.records)
    export_answers(store, tmp_path / "exported.jsonl")
    store.close()
    seen.extend(file.read_bytes().decode("latin-1") for file in tmp_path.iterdir())
    assert seen
    assert [text for text in seen if KEY in text] == []


def _all_texts(error: BaseException | None) -> list[str]:
    """The error and all that hangs on it, as a traceback with local variables would show it."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return texts
