"""Rate, circuit and Retry-After, on a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from programs import StillClock

from deeppersona_graph.errors import ModelUnavailableError
from deeppersona_graph.llm.circuit import COOLING, THRESHOLD, Circuit
from deeppersona_graph.llm.faults import Fault, retry_after, verdict
from deeppersona_graph.llm.gate import Gate, StoppedError
from deeppersona_graph.llm.rate import AdaptiveRate


def test_the_rate_is_halved_once_for_all_that_was_under_way_and_grows_by_one_a_round() -> None:
    rate = AdaptiveRate(32)
    for _ in range(10):
        rate.throttled(began=1.0, now=2.0)
    assert rate.limit == 16
    rate.throttled(began=2.5, now=3.0)
    assert rate.limit == 8
    for _ in range(9):
        rate.answered()
    assert rate.limit == 9
    for number in range(20):
        rate.throttled(began=10.0 + number, now=10.0 + number)
    assert rate.limit == 1
    for _ in range(2000):
        rate.answered()
    assert rate.limit == 32


def test_the_circuit_opens_after_failures_in_a_row_and_closes_after_one_answer() -> None:
    circuit = Circuit()
    circuit.answered()
    for _ in range(THRESHOLD - 1):
        circuit.failed(0.0)
    assert circuit.open_until is None
    circuit.failed(1.0)
    assert circuit.open_until == 1.0 + COOLING[0]
    circuit.failed(2.0)  # was under way
    assert circuit.open_until == 1.0 + COOLING[0]
    circuit.probe()
    circuit.failed(20.0)
    assert circuit.open_until == 20.0 + COOLING[1]
    circuit.probe()
    circuit.answered()
    assert (circuit.open_until, circuit.given_up, circuit.probing) == (None, False, False)


def test_an_endpoint_that_never_said_a_word_is_given_up_sooner() -> None:
    def openings(*, spoke: bool) -> int:
        circuit = Circuit()
        if spoke:
            circuit.answered()
        for _ in range(THRESHOLD):
            circuit.failed(0.0)
        count = 1
        while not circuit.given_up:
            circuit.probe()
            circuit.failed(0.0)
            count += 1
        return count

    assert openings(spoke=False) < openings(spoke=True)


def test_one_probe_goes_when_the_circuit_has_cooled() -> None:
    clock = StillClock()
    gate = Gate(4, clock)
    with gate.slot():
        pass
    for _ in range(THRESHOLD):
        with pytest.raises(Fault), gate.slot():
            raise Fault("server error", "down", status=503)
    before = clock.now()
    with gate.slot():
        assert clock.now() - before == COOLING[0]
    before = clock.now()
    with gate.slot():
        assert clock.now() == before


def test_nobody_goes_before_retry_after_is_over() -> None:
    clock = StillClock()
    gate = Gate(4, clock)
    with pytest.raises(Fault), gate.slot():
        raise Fault("rate limit", "slow", status=429, retry_after=42.0)
    assert gate.limit == 2
    before = clock.now()
    with gate.slot():
        assert clock.now() - before == 42.0


def test_nobody_goes_after_the_end() -> None:
    gate = Gate(4, StillClock())
    with pytest.raises(Fault), gate.slot():
        raise Fault("rate limit", "tomorrow", status=429, retry_after=86400.0)
    with pytest.raises(ModelUnavailableError, match="86400"), gate.slot():
        pass
    gate.stop()
    with pytest.raises(StoppedError), gate.slot():
        pass


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("timeout", "silent"), "retry"),
        (Fault("connection", "reset"), "retry"),
        (Fault("page", "<html>"), "retry"),
        (Fault("rate limit", "slow, see account/billing to raise your limit", status=429), "retry"),
        (Fault("rate limit", "no", status=429, code="insufficient_quota"), "stop"),
        (Fault("server error", "x", status=500), "retry"),
        (Fault("server error", "x", status=529), "retry"),
        (Fault("server error", "x", status=501), "give up"),
        (Fault("rejected", "x", status=408), "retry"),
        (Fault("rejected", "x", status=401), "stop"),
        (Fault("rejected", "x", status=402), "stop"),
        (Fault("rejected", "x", status=404), "stop"),
        (Fault("rejected", "your input was flagged", status=403), "refused"),
        (Fault("rejected", "x", status=400, code="content_filter"), "refused"),
        (Fault("rejected", "x", status=400, code="context_length_exceeded"), "give up"),
        (Fault("rejected", "Unsupported parameter: 'max_tokens'", status=400), "adapt"),
        (Fault("rejected", "x", status=422), "adapt"),
        (Fault("rejected", "too large", status=413), "give up"),
    ],
)
def test_one_predicate_decides_what_follows(fault: Fault, expected: str) -> None:
    assert verdict(fault) == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("Thu, 26 Nov 2026 12:00:30 GMT", 30.0),
        ("Thu, 26 Nov 2026 11:00:00 GMT", 0.0),
        ("Thu, 26 Nov 2026 14:00:30 +0200", 30.0),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    now = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
    assert retry_after(header, now) == seconds
