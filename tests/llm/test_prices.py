"""Prices, their overriding, and estimates from what earlier answers took."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import ASKER, Word

from deeppersona_graph.errors import InputError, PriceFileError
from deeppersona_graph.llm.answers import Raw, Tokens
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore


def test_tokens_cost_what_the_table_says() -> None:
    prices = Prices.load()
    tokens = Tokens(sent=1_000_000, cached=500_000, received=1_000_000)
    assert prices.cost("gpt-4o", tokens) == pytest.approx(1.25 + 0.625 + 10)
    assert prices.cost("gpt-4o", tokens, batch=True) == pytest.approx((1.25 + 0.625 + 10) / 2)


def test_a_date_or_a_prefix_in_the_name_changes_no_price_and_another_model_has_none() -> None:
    prices = Prices.load()
    assert prices.of("gpt-4o-mini-2024-07-18") == prices.of("openai/gpt-4o-mini") == prices.of("gpt-4o-mini")
    assert prices.of("gpt-4o-mini-turbo") is None
    assert prices.cost("llama3", Tokens(1, 0, 1)) is None


def test_ones_own_prices_go_over_the_packages(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('[models]\nllama3 = {sent = 1, received = 2}\n"gpt-4o" = {sent = 9, received = 9}\n')
    prices = Prices.load(own)
    assert prices.cost("llama3", Tokens(1_000_000, 1_000_000, 1_000_000)) == 3
    assert prices.cost("gpt-4o", Tokens(1_000_000, 0, 0)) == 9
    assert prices.of("gpt-4o-mini") is not None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("models = ", "cannot be read"),
        ("[models]\na = {sent = 1}", "models.a.received"),
        ("[models]\na = {sent = -1, received = 1}", "models.a.sent is -1"),
        ("[models]\na = {sent = 1, received = 1, output = 1}", "models.a.output"),
    ],
)
def test_a_table_of_prices_that_is_wrong_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(text)
    with pytest.raises(PriceFileError, match=complaint):
        Prices.load(own)
    with pytest.raises(PriceFileError, match="cannot be read"):
        Prices.load(tmp_path / "absent.toml")


def test_an_unknown_model_is_counted_in_tokens_and_says_so() -> None:
    report = Report(Prices.load())
    report.spend("p", "llama3", Tokens(10, 0, 5))
    report.spend("p", "gpt-4o", Tokens(10, 0, 5))
    assert (report.cost, report.unpriced, report.tokens) == (None, ["llama3"], Tokens(20, 0, 10))
    assert "no price is known for llama3" in report.summary()


def test_a_budget_without_a_price_is_refused(store: AnswerStore) -> None:
    with pytest.raises(InputError, match="needs prices"):
        Budget(1.0, "llama3", Estimator.of(store, "llama3"), Report(Prices.load()))


def test_estimates_are_calibrated_by_what_the_store_has(store: AnswerStore) -> None:
    def request(number: int, words: int) -> Request[Word]:
        return ASKER.request("next-word", Word, name=f"p{number}", step=0, before="word " * words)

    blind = Estimator.of(store, "gpt-4o-mini").tokens(request(0, 100))
    assert blind.received == 100  # half of the prompt's limit
    for number in range(20):
        asked = request(number, 10 * number)
        raw = Raw("{}", "stop", None, "m", Tokens(round(asked.characters / 5.2), 0, 37))
        store.put(asked, raw, "online")
    asked = request(99, 150)
    estimate = Estimator.of(store, "gpt-4o-mini").tokens(asked)
    assert estimate.sent == pytest.approx(asked.characters / 5.2, rel=0.05)
    assert estimate.received == 37
