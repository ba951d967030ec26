"""Many programs at once against a real endpoint that fails in every way an endpoint can."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from endpoint import DROP, Call, Endpoint, Reply, error, page, said, usual
from programs import ASKER, StillClock, Word, chain, tasks

from deeppersona_graph.errors import (
    BudgetError,
    DepthError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusedError,
    ModelUnavailableError,
)
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.executors.drive import Failed, Finished, Outcome, Parked, Task
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Program
from deeppersona_graph.llm.store import AnswerStore

Make = Callable[..., OnlineExecutor]


def _run(executor: OnlineExecutor, count: int, steps: int) -> dict[str, Any]:
    """Values, or reasons, by name."""
    found = {}
    for outcome in executor.run(tasks(count, steps)):
        assert outcome.name not in found
        assert not isinstance(outcome, Parked)
        found[outcome.name] = outcome.value if isinstance(outcome, Finished) else outcome.error
    return found


def test_every_program_ends_with_its_own_answers(executor: Make, endpoint: Endpoint) -> None:
    found = _run(executor(), 20, 4)
    assert set(found) == {f"person {number}" for number in range(20)}
    assert len(set(found.values())) == 20
    assert {len(words) for words in found.values()} == {4}
    assert len(endpoint.calls) == 80
    assert endpoint.most_at_once <= 8


def test_a_second_run_asks_nothing_and_finds_the_same(executor: Make, endpoint: Endpoint) -> None:
    first, again = _run(executor(), 10, 3), executor()
    assert _run(again, 10, 3) == first
    assert len(endpoint.calls) == 30
    assert again.report.events == {"from the store": 30}


FAULTS: list[Callable[[], Reply]] = [
    lambda: error(429, "slow down"),
    lambda: error(429, "slow down", {"Retry-After": "7"}),
    lambda: error(429, "slow down", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    lambda: error(500, "internal"),
    lambda: error(503, "overloaded", {"Retry-After": "2"}),
    lambda: DROP,
    lambda: page(200),
    lambda: page(502),
    lambda: said('{"word": "an unfinis', finish="length"),
    lambda: said('{"word": 5, "numbers": 3}'),
    lambda: said("I would rather talk about something else."),
    lambda: said(None, refusal="I cannot help with that."),
    lambda: said(""),
    lambda: said(None, finish="content_filter"),
    lambda: Reply(content=b'{"choices": [{"index": 0, "mess'),
    lambda: Reply(content=b'{"error": {"message": "upstream is busy", "code": 503}}'),
    lambda: Reply(content=b'{"choices": []}'),
]


def test_a_hundred_programs_finish_through_all_faults(executor: Make, endpoint: Endpoint) -> None:
    undisturbed = _run(executor(), 100, 3)
    endpoint.calls.clear()
    numbers = itertools.count()

    def faulty(call: Call) -> Reply:
        """Every question meets one fault at first."""
        if call.number == 1 and len(call.body["messages"]) == 2 and "compact" not in call.words:
            return FAULTS[next(numbers) % len(FAULTS)]()
        return usual(call)

    endpoint.script = faulty
    fresh = executor()
    found = {
        outcome.name: outcome
        for outcome in fresh.run(
            Task(f"other {number}", chain(f"other {number}", 3)) for number in range(100)
        )
    }
    reasons = [f"{one.name}: {one.error}" for one in found.values() if isinstance(one, Failed)]
    assert reasons == []
    assert len(found) == 100
    assert len(undisturbed) == 100
    events = fresh.report.events
    for event in (
        "rate limit",
        "server error",
        "connection",
        "page",
        "refused",
        "cut off",
        "empty",
        "no JSON",
    ):
        assert events[event] > 0, event


def test_what_never_gets_an_answer_is_reported_by_name_and_stops_nobody(
    executor: Make, endpoint: Endpoint
) -> None:
    def partly(call: Call) -> Reply:
        if "person 3 " in call.words and "1 words" in call.words:
            return page(502) if call.number % 2 else error(500, "internal")
        if "person 5 " in call.text:
            return said(None, refusal="That is nothing I will speak of.")
        if "person 7 " in call.text:
            return said('{"word": "x"}')
        return usual(call)

    endpoint.script = partly
    found = _run(executor(), 10, 3)
    failed = {name: error for name, error in found.items() if not isinstance(error, tuple)}
    assert set(failed) == {"person 3", "person 5", "person 7"}
    assert isinstance(failed["person 3"], ModelUnavailableError)
    assert isinstance(failed["person 5"], ModelRefusedError)
    assert isinstance(failed["person 7"], ModelAnswerError)
    assert "server error 50" in str(failed["person 3"])
    assert "nothing I will speak of" in str(failed["person 5"])
    assert "number: Field required" in str(failed["person 7"])
    assert all(str(error).startswith("next-word/1 [") for error in failed.values())


def test_answers_that_a_program_failed_on_are_asked_anew_and_others_are_not(
    executor: Make, endpoint: Endpoint, store: AnswerStore
) -> None:
    endpoint.script = lambda call: said("no") if "2 words" in call.text else usual(call)
    assert all(isinstance(reason, ModelAnswerError) for reason in _run(executor(), 2, 3).values())
    assert len(store.set_aside_reasons()) == 4  # the answer and its repair, twice
    endpoint.script, before = usual, len(endpoint.calls)
    assert all(len(words) == 3 for words in _run(executor(), 2, 3).values())
    assert len(endpoint.calls) - before == 2


def test_silence_counts_as_lost(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda call: said("late", after=0.4) if call.number == 1 else usual(call)
    impatient = executor(timeout=0.1)
    assert len(_run(impatient, 2, 1)) == 2
    assert impatient.report.events == {"asked": 2, "timeout": 2}


def test_equal_questions_in_flight_are_asked_once(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda call: Reply(content=usual(call).content, after=0.05)
    twins = [Task(f"twin {number}", chain("the same", 2)) for number in range(6)]
    found = [outcome for outcome in executor().run(twins) if isinstance(outcome, Finished)]
    assert len({outcome.value for outcome in found}) == 1
    assert len(found) == 6
    assert len(endpoint.calls) == 2


def test_a_sample_of_its_own_is_a_question_of_its_own(executor: Make, endpoint: Endpoint) -> None:
    people = [Task(str(seed), chain("same", 1, ASKER.for_sample(seed))) for seed in range(3)]
    outcomes = list(executor().run(people))
    assert len(endpoint.calls) == 3
    assert len({call.body["seed"] for call in endpoint.calls}) == 3
    assert len({outcome.keys for outcome in outcomes if isinstance(outcome, Finished)}) == 3


def test_a_429_halves_the_rate_and_is_waited_out(
    executor: Make, endpoint: Endpoint, clock: StillClock
) -> None:
    endpoint.script = lambda call: (
        error(429, "slow", {"Retry-After": "30"})
        if call.number == 1 and "person 0 " in call.text
        else usual(call)
    )
    assert len(_run(executor(), 4, 1)) == 4
    assert max(clock.waits) == pytest.approx(30, abs=1)


def test_an_endpoint_that_asks_for_hours_ends_the_run(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda _: error(429, "tomorrow", {"Retry-After": "86400"})
    with pytest.raises(ModelUnavailableError, match="86400 s"):
        _run(executor(), 3, 1)


def test_an_endpoint_that_is_down_ends_the_run_with_what_was_finished(
    executor: Make, endpoint: Endpoint
) -> None:
    endpoint.script = lambda call: usual(call) if len(endpoint.calls) <= 6 else error(503, "down")
    finished: list[Outcome[Any]] = []
    with pytest.raises(ModelUnavailableError, match="does not answer"):
        finished.extend(executor().run(tasks(40, 2)))
    endpoint.script, before = usual, len(endpoint.calls)
    assert len(_run(executor(), 40, 2)) == 40
    assert len(endpoint.calls) - before == 80 - 6


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (error(401, "Incorrect API key"), "rejected 401"),
        (error(404, "The model `x` does not exist"), "does not exist"),
        (error(429, "You have no credit", code="insufficient_quota"), "no credit"),
    ],
)
def test_what_no_request_will_get_past_ends_the_run_at_once(
    executor: Make, endpoint: Endpoint, reply: Reply, said: str
) -> None:
    endpoint.script = lambda _: reply
    with pytest.raises(ModelAccessError, match=said):
        _run(executor(slots=2), 10, 2)
    assert len(endpoint.calls) <= 2


def test_a_question_too_long_fails_its_program_alone(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda call: (
        error(400, "maximum context length is 8192 tokens, reduce max_tokens", code="context_length_exceeded")
        if "person 1 " in call.text
        else usual(call)
    )
    found = _run(executor(), 3, 2)
    assert {name for name, words in found.items() if isinstance(words, tuple)} == {"person 0", "person 2"}
    assert "context length" in str(found["person 1"])


def _detour() -> Program[str]:
    try:
        yield from ASKER.ask("next-word", Word, name="refused", step=0, before="")
    except ModelAnswerError:
        answer = yield from ASKER.ask("next-word", Word, name="instead", step=0, before="")
        return answer.value.word
    return "no detour"


def test_a_program_may_go_another_way_where_an_answer_is_of_no_use(
    executor: Make, endpoint: Endpoint
) -> None:
    endpoint.script = lambda call: (
        said(None, refusal="no") if "refused" in call.text else said('{"word": "way", "number": 1}')
    )
    for _ in range(2):
        (outcome,) = executor().run([Task("one", _detour())])
        assert isinstance(outcome, Finished)
        assert outcome.value == "way"
    assert len(endpoint.calls) == 3  # the refusal is kept too: the second run goes the same way


def _wrong(error: Exception) -> Program[None]:
    yield from ASKER.ask("next-word", Word, name="wrong", step=0, before="")
    raise error


def test_an_error_of_ours_fails_the_program_and_a_fault_of_the_code_is_raised(executor: Make) -> None:
    outcomes: list[Outcome[Any]] = list(
        executor().run([Task("bad", _wrong(DepthError("too deep"))), *tasks(2, 1)])
    )
    assert {o.name for o in outcomes if isinstance(o, Failed)} == {"bad"}
    assert len(outcomes) == 3
    with pytest.raises(KeyError, match="bug"):
        list(executor().run([Task("bad", _wrong(KeyError("bug")))]))


def _no_requests() -> Generator[Any, Any, None]:
    yield "not a request"


def test_a_program_that_yields_something_else_is_told_so(executor: Make) -> None:
    with pytest.raises(TypeError, match="yields requests, not str"):
        list(executor().run([Task("bad", _no_requests())]))


def test_a_run_that_is_left_early_keeps_what_arrives_and_asks_no_more(
    executor: Make, endpoint: Endpoint, store: AnswerStore
) -> None:
    endpoint.script = lambda call: Reply(content=usual(call).content, after=0.02)
    running = executor(slots=4).run(tasks(50, 2))
    next(running)
    running.close()
    arrived = len(endpoint.calls)
    assert len(list(store.answers())) == sum(endpoint.answered.values()) == arrived
    assert arrived < 100
    assert len(_run(executor(), 50, 2)) == 50
    assert len(endpoint.calls) == 100


def test_ctrl_c_in_the_middle_loses_nothing_that_arrived(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda call: Reply(content=usual(call).content, after=0.01)

    def interrupted() -> Program[None]:
        yield from ASKER.ask("next-word", Word, name="interrupted", step=0, before="")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(executor(slots=4).run([*tasks(6, 2), Task("x", interrupted())]))
    assert set(endpoint.answered.values()) == {1}
    assert len(_run(executor(), 6, 2)) == 6
    assert set(endpoint.answered.values()) == {1}


def test_tasks_are_taken_as_they_are_needed(executor: Make) -> None:
    taken = 0

    def counted() -> Generator[Task[tuple[str, ...]]]:
        nonlocal taken
        for task in tasks(1000, 1):
            taken += 1
            yield task

    running = executor(slots=2).run(counted())
    next(running)
    assert taken <= 10
    running.close()


def test_the_report_counts_tokens_and_money_by_step_and_model(executor: Make, endpoint: Endpoint) -> None:
    endpoint.script = lambda _: said(
        json.dumps({"word": "a", "number": 1}), sent=1000, cached=400, received=50
    )
    once = executor()
    _run(once, 5, 2)
    (usage,) = once.report.usage
    assert (usage.prompt, usage.model, usage.requests) == ("next-word", "gpt-4o-mini", 10)
    assert (usage.tokens.sent, usage.tokens.cached, usage.tokens.received) == (10_000, 4_000, 500)
    assert once.report.cost == pytest.approx((6_000 * 0.15 + 4_000 * 0.075 + 500 * 0.6) / 1e6)
    assert "10 requests" in once.report.summary()


def test_the_budget_is_never_exceeded_and_what_was_finished_is_kept(
    executor: Make, endpoint: Endpoint, store: AnswerStore
) -> None:
    endpoint.script = lambda _: said('{"word": "a", "number": 1}', received=200)
    report = Report(Prices.load())
    one = (100 * 0.15 + 200 * 0.6) / 1e6
    budget = Budget(20 * one, "gpt-4o-mini", Estimator.of(store, "gpt-4o-mini"), report)
    finished: list[Outcome[Any]] = []
    with pytest.raises(BudgetError, match="raise --budget"):
        finished.extend(executor(report=report, budget=budget).run(tasks(100, 1)))
    assert 15 * one <= (report.cost or 0) <= 20 * one
    assert len(finished) == len(endpoint.calls) == report.events["asked"]
