"""Many small questions, several a request: each is answered, kept and asked again by itself."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply, error, page, said
from programs import ASKER

from deeppersona_graph.errors import ModelUnavailableError
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.executors.batch import BatchExecutor, batch_status
from deeppersona_graph.llm.executors.drive import Executor
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.executors.replay import ReplayExecutor
from deeppersona_graph.llm.executors.responses import import_responses
from deeppersona_graph.llm.means import Means
from deeppersona_graph.llm.packs import TRIES, Kind, Numbered, Packer, Replies
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import OpenAIProvider
from deeppersona_graph.llm.recordings import export_answers, import_answers
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore

SIZE = 4
THINGS = [f"thing {letter}" for letter in "abcdefghij"]
ITEM = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


class Colour(Numbered):
    colour: str


class Colours(AnswerModel):
    answers: list[Colour]


def no_grey(_text: str, answer: Colour) -> str | None:
    return "grey is no colour" if answer.colour == "grey" else None


KIND = Kind[Colour]("name-colours", Colours, size=SIZE, tokens=20, fault=no_grey)

Make = Callable[..., OnlineExecutor]
Ask = Callable[..., Replies[Colour]]
Items = dict[int, str]


def colour(thing: str) -> str:
    return hashlib.sha256(thing.encode()).hexdigest()[:6]


def colours(things: Iterable[str]) -> dict[str, str]:
    return {thing: colour(thing) for thing in things}


def found(replies: Replies[Colour]) -> dict[str, str]:
    return {text: reply.value.colour for text, reply in replies.given.items()}


def items_of(call: Call) -> Items:
    """The things that a call asks for: after a complaint, those that are complained of."""
    users = [one["content"] for one in call.body["messages"] if one["role"] == "user"]
    items = {int(number): text for number, text in ITEM.findall(users[0])}
    if len(users) == 1:
        return items
    return {number: items[number] for number in map(int, re.findall(r"^(\d+): ", users[-1], re.MULTILINE))}


def named(answers: Mapping[int, str]) -> Reply:
    return said(json.dumps({"answers": [{"number": n, "colour": c} for n, c in answers.items()]}))


@dataclass
class Painter:
    """A model that knows the colours of things; `packs` are the things of each call, in order of arrival."""

    twist: Callable[[Call, dict[int, str]], Reply | None] = lambda _call, _answers: None
    packs: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        items = items_of(call)
        self.packs.append(tuple(items.values()))
        answers = {number: colour(thing) for number, thing in items.items()}
        return self.twist(call, answers) or named(answers)

    @property
    def asked(self) -> Counter[str]:
        """How often each thing was asked for."""
        return Counter(thing for pack in self.packs for thing in pack)


@pytest.fixture
def painter(endpoint: Endpoint) -> Painter:
    painter = Painter()
    endpoint.script = painter
    return painter


def asked_by(
    executor: Executor, store: AnswerStore, things: Iterable[str], *, kind: Kind[Colour] = KIND, **rest: Any
) -> Replies[Colour]:
    """What comes of things in a run of their own."""
    batch = executor if isinstance(executor, BatchExecutor) else None
    means = Means(executor, Report(Prices.load()), store, batch)
    return Packer(means, store, ASKER).ask(kind, things, **rest)


@pytest.fixture
def ask(executor: Make, store: AnswerStore) -> Ask:
    """Asks for the colours of things live, each time in a run of its own."""
    return lambda things, **rest: asked_by(executor(), store, things, **rest)


def test_many_questions_are_few_requests_and_each_has_its_own_answer(ask: Ask, painter: Painter) -> None:
    replies = ask(THINGS)
    assert found(replies) == colours(THINGS)
    assert (replies.failed, replies.waiting, replies.files) == ({}, 0, ())
    assert sorted(map(len, painter.packs)) == [2, 4, 4]
    assert len({reply.key for reply in replies.given.values()}) == len(THINGS)


def test_equal_questions_are_asked_once(ask: Ask, painter: Painter) -> None:
    assert found(ask(THINGS[:2] * 3)) == colours(THINGS[:2])
    assert painter.packs == [tuple(THINGS[:2])]


@pytest.mark.parametrize("later", [THINGS[::-1], THINGS[3:6], THINGS[::3], []])
def test_another_order_or_fewer_of_them_ask_nothing(ask: Ask, painter: Painter, later: list[str]) -> None:
    first = ask(THINGS)
    painter.packs.clear()
    again = ask(later)
    assert again.given == {thing: first.given[thing] for thing in later}
    assert painter.packs == []


def test_more_of_them_ask_only_what_is_new(ask: Ask, painter: Painter) -> None:
    first = ask(THINGS[::2])
    painter.packs.clear()
    again = ask(THINGS)
    assert found(again) == colours(THINGS)
    assert first.given.items() <= again.given.items()
    assert painter.asked == Counter(THINGS[1::2])


def test_an_answer_does_not_depend_on_the_company_it_was_asked_in(
    ask: Ask, painter: Painter, provider: OpenAIProvider, tmp_path: Path
) -> None:
    together = ask(THINGS)
    with AnswerStore(tmp_path / "alone.sqlite") as other:
        online = OnlineExecutor(provider, other, Report(Prices.load()))
        apart = asked_by(online, other, THINGS, kind=replace(KIND, size=1))
    assert found(apart) == found(together)
    assert {text: reply.key for text, reply in apart.given.items()} == {
        text: reply.key for text, reply in together.given.items()
    }
    assert painter.asked == Counter(THINGS * 2)


def test_what_the_prompt_takes_beside_them_makes_other_questions(ask: Ask, painter: Painter) -> None:
    ask(THINGS[:2])
    ask(THINGS[:2], kind=replace(KIND, prompt="name-seen-colours", inputs={"within": "a house"}))
    ask(THINGS[:2], kind=replace(KIND, prompt="name-seen-colours", inputs={"within": "a wood"}))
    assert painter.asked == Counter(THINGS[:2] * 3)


def test_a_missing_number_is_asked_again_with_the_reason_and_no_others(
    ask: Ask, painter: Painter, endpoint: Endpoint
) -> None:
    def forgetful(call: Call, answers: dict[int, str]) -> None:
        if len(call.body["messages"]) == 2:
            del answers[3]

    painter.twist = forgetful
    assert found(ask(THINGS[:4])) == colours(THINGS[:4])
    assert painter.packs == [tuple(THINGS[:4]), (THINGS[2],)]
    assert "\n3: there is no answer to it\n" in endpoint.calls[1].words
    assert not re.search(r"^[124]: ", endpoint.calls[1].words, re.MULTILINE)


def test_an_answer_that_cannot_stand_is_asked_again_with_what_is_wrong(
    ask: Ask, painter: Painter, endpoint: Endpoint
) -> None:
    def greyish(call: Call, answers: dict[int, str]) -> None:
        if len(call.body["messages"]) == 2:
            answers[2] = "grey"

    painter.twist = greyish
    assert found(ask(THINGS[:4])) == colours(THINGS[:4])
    assert painter.packs[1:] == [(THINGS[1],)]
    assert "\n2: grey is no colour\n" in endpoint.calls[1].words


def test_answers_to_numbers_nobody_asked_for_are_passed_over(
    ask: Ask, painter: Painter, endpoint: Endpoint
) -> None:
    painter.twist = lambda _call, answers: answers.update({0: "red", 5: "blue", -1: "green"})
    assert found(ask(THINGS[:4])) == colours(THINGS[:4])
    assert len(endpoint.calls) == 1


def test_what_was_right_at_first_stays_though_it_comes_again_otherwise(ask: Ask, painter: Painter) -> None:
    def second_thoughts(call: Call, answers: dict[int, str]) -> Reply:
        if len(call.body["messages"]) == 2:
            return named({number: one for number, one in answers.items() if number != 2})
        return named({1: "changed", 2: answers[2], 3: "changed", 4: "changed"})

    painter.twist = second_thoughts
    for _ in range(2):
        assert found(ask(THINGS[:4])) == colours(THINGS[:4])


def test_a_refused_pack_is_divided_so_that_one_question_does_not_spoil_the_rest(
    ask: Ask, painter: Painter
) -> None:
    painter.twist = lambda call, _: (
        said(None, refusal="Not this one.") if "thing c" in items_of(call).values() else None
    )
    replies = ask(THINGS)
    assert found(replies) == colours(set(THINGS) - {"thing c"})
    assert set(replies.failed) == {"thing c"}
    assert "Not this one." in replies.failed["thing c"]
    alone = [pack for pack in painter.packs if pack == ("thing c",)]
    assert len(alone) == 2  # as every refusal, it is asked about once more
    painter.packs.clear()
    painter.twist = lambda _call, _answers: None
    assert found(ask(THINGS)) == colours(THINGS)
    assert painter.packs == [("thing c",)]


def test_two_that_are_refused_are_both_named_and_spoil_nothing(ask: Ask, painter: Painter) -> None:
    bad = {"thing a", "thing d"}
    painter.twist = lambda call, _: said(None, refusal="No.") if bad & set(items_of(call).values()) else None
    replies = ask(THINGS)
    assert (found(replies), set(replies.failed)) == (colours(set(THINGS) - bad), bad)
    painter.packs.clear()
    painter.twist = lambda _call, _answers: None
    assert found(ask(THINGS)) == colours(THINGS)
    assert painter.asked == Counter(bad)


def test_a_question_that_never_finds_an_answer_is_named_and_asked_again_by_the_next_run(
    ask: Ask, painter: Painter
) -> None:
    painter.twist = lambda call, answers: answers.update(
        {number: "grey" for number, thing in items_of(call).items() if thing == "thing b"}
    )
    for _ in range(2):  # the second run asks about it alone, and finds nothing either
        painter.packs.clear()
        replies = ask(THINGS[:4])
        assert found(replies) == colours({"thing a", "thing c", "thing d"})
        assert list(replies.failed) == ["thing b"]
        assert "1 questions" in replies.failed["thing b"]
        assert "grey is no colour" in replies.failed["thing b"]
        assert 1 <= painter.asked["thing b"] <= TRIES
    painter.packs.clear()
    painter.twist = lambda _call, _answers: None
    assert found(ask(THINGS[:4])) == colours(THINGS[:4])
    assert painter.packs == [("thing b",)]


def test_a_pack_the_endpoint_never_takes_fails_alone(ask: Ask, painter: Painter) -> None:
    painter.twist = lambda call, _: (
        error(400, "too long", code="context_length_exceeded") if "thing e" in call.text else None
    )
    replies = ask(THINGS)
    assert found(replies) == colours(THINGS[:4] + THINGS[8:])
    assert set(replies.failed) == set(THINGS[4:8])
    painter.twist = lambda _call, _answers: None
    assert found(ask(THINGS)) == colours(THINGS)
    assert painter.asked["thing a"] == 1


def test_what_was_answered_before_the_endpoint_went_away_is_kept(ask: Ask, painter: Painter) -> None:
    painter.twist = lambda call, _: None if "thing a" in call.text else page(502)
    with pytest.raises(ModelUnavailableError):
        ask(THINGS, kind=replace(KIND, size=1))
    painter.twist = lambda _call, _answers: None
    painter.packs.clear()
    assert found(ask(THINGS)) == colours(THINGS)
    assert "thing a" not in painter.asked


# Runs that end in the middle


class Cut:
    """Ends a run as Ctrl-C does, after its first pack, when all others are answered in the store alone."""

    def __init__(self, painter: Painter, packs: int) -> None:
        self._all_there, self._ended = threading.Event(), threading.Event()
        self._waiting, self._lock = packs - 1, threading.Lock()
        painter.twist = self._hold

    def _hold(self, call: Call, _: dict[int, str]) -> None:
        if "thing a" in call.text:
            return
        with self._lock:
            self._waiting -= 1
        if not self._waiting:
            self._all_there.set()
        assert self._ended.wait(30)

    def told(self, done: int, _: int) -> None:
        """The run is told of its first pack."""
        if done:
            assert self._all_there.wait(30)
            self._ended.set()
            raise KeyboardInterrupt


@pytest.fixture
def interrupted(ask: Ask, painter: Painter) -> list[tuple[str, ...]]:
    """A run over all things that was cut off: the packs it asked, all of which were paid for."""
    cut = Cut(painter, 3)
    with pytest.raises(KeyboardInterrupt):
        ask(THINGS, told=cut.told)
    packs = sorted(painter.packs)
    assert [len(pack) for pack in packs] == [4, 4, 2]
    painter.packs.clear()
    painter.twist = lambda _call, _answers: None
    return packs


@pytest.mark.parametrize(
    ("now", "new"),
    [
        (THINGS, []),
        (THINGS[::-1], []),
        (THINGS[1::2], []),
        (["another", *THINGS, "thing bb", "thing z"], ["another", "thing bb", "thing z"]),
        (["thing bb", *THINGS[5:7], "thing z"], ["thing bb", "thing z"]),
        (["another"], ["another"]),
    ],
    ids=["the same", "turned round", "fewer", "more", "others", "none of them"],
)
@pytest.mark.usefixtures("interrupted")
def test_a_pack_that_was_answered_while_the_run_ended_is_not_paid_twice(
    ask: Ask, painter: Painter, now: list[str], new: list[str]
) -> None:
    assert found(ask(now)) == colours(now)
    assert painter.asked == Counter(new)
    assert found(ask([*now, *THINGS])) == colours([*now, *THINGS])
    assert painter.asked == Counter(new)


@pytest.mark.usefixtures("interrupted")
def test_a_pack_is_forgotten_once_it_had_its_answer(ask: Ask, store: AnswerStore) -> None:
    ask(THINGS)
    assert store.database.read(lambda connection: connection.execute("SELECT * FROM packs").fetchall()) == []


def test_a_pack_that_was_half_right_when_the_run_ended_is_asked_for_its_rest_alone(
    ask: Ask, painter: Painter
) -> None:
    """The half that is missing is asked in the words the run before would have used."""
    cut = Cut(painter, 3)
    hold = painter.twist

    def half(call: Call, answers: dict[int, str]) -> Reply | None:
        hold(call, answers)
        if len(call.body["messages"]) == 2 and 4 in answers and "thing a" not in call.text:
            del answers[4]
        return None

    painter.twist = half
    with pytest.raises(KeyboardInterrupt):
        ask(THINGS, told=cut.told)
    painter.packs.clear()
    painter.twist = lambda _call, _answers: None
    assert found(ask(THINGS)) == colours(THINGS)
    assert painter.packs == [("thing h",)]


# In batch files, and from recordings


@pytest.fixture
def batch(store: AnswerStore, tmp_path: Path, report: Report) -> BatchExecutor:
    return BatchExecutor(store, tmp_path / "batches", report)


@pytest.fixture
def sent(batch: BatchExecutor) -> Callable[[], list[dict[str, Any]]]:
    """The requests in the files of the last run."""
    return lambda: [json.loads(line) for file in batch.files for line in file.read_text("utf-8").splitlines()]


@pytest.fixture
def post(sent: Callable[[], list[dict[str, Any]]], store: AnswerStore, tmp_path: Path) -> Callable[..., None]:
    """Has the requests of the last run answered by a painter, and brings the answers back."""

    def run(painter: Painter) -> None:
        answers = tmp_path / "answers.jsonl"
        lines = [
            {"custom_id": one["custom_id"],
             "response": {"status_code": 200, "body": json.loads(painter(Call(one["body"], 1, "")).content)}}
            for one in sent()
        ]  # fmt: skip
        answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        import_responses(answers, store)

    return run


def test_in_batch_the_same_pack_goes_out_once(
    batch: BatchExecutor, store: AnswerStore, sent: Callable[[], list[Any]], post: Callable[..., None]
) -> None:
    first = asked_by(batch, store, THINGS)
    assert (first.given, first.failed, first.waiting) == ({}, {}, len(THINGS))
    assert first.files == batch.files
    assert len(sent()) == 3
    painter = Painter()
    post(painter)
    (status,) = batch_status(store)
    assert (status.requests, status.answered) == (3, 3)
    again = asked_by(batch, store, THINGS)
    assert (found(again), again.waiting, again.files) == (colours(THINGS), 0, ())
    assert painter.asked == Counter(THINGS)


def test_what_is_out_does_not_go_out_again_in_other_company(
    batch: BatchExecutor, store: AnswerStore, sent: Callable[[], list[Any]], post: Callable[..., None]
) -> None:
    asked_by(batch, store, THINGS)
    out = batch.files
    for now, new in (
        (THINGS, set()),
        (THINGS[3:5], set()),
        (["another", *THINGS[1:], "thing bb"], {"another", "thing bb"}),
        (["another", "thing bb"], set()),
    ):
        replies = asked_by(batch, store, now)
        assert replies.given == {}
        assert replies.waiting == len(now)
        bodies = [Call(one["body"], 1, "") for one in sent()]
        assert {thing for call in bodies for thing in items_of(call).values()} == new
        out += batch.files
    batch.files = out
    painter = Painter()
    post(painter)
    everything = ["another", "thing bb", *THINGS]
    assert found(asked_by(batch, store, everything)) == colours(everything)
    assert painter.asked == Counter(everything)


def test_in_batch_a_missing_number_goes_out_alone_with_the_next_wave(
    batch: BatchExecutor, store: AnswerStore, sent: Callable[[], list[Any]], post: Callable[..., None]
) -> None:
    asked_by(batch, store, THINGS[:4])
    post(Painter(lambda _call, answers: named({n: one for n, one in answers.items() if n != 2})))
    second = asked_by(batch, store, THINGS[:4])
    assert found(second) == colours(["thing a", "thing c", "thing d"])
    assert [list(items_of(Call(one["body"], 1, "")).values()) for one in sent()] == [["thing b"]]
    post(Painter())
    assert found(asked_by(batch, store, THINGS[:4])) == colours(THINGS[:4])


def test_what_waits_is_counted_by_questions_that_are_open_and_wanted(
    batch: BatchExecutor, store: AnswerStore, post: Callable[..., None]
) -> None:
    assert asked_by(batch, store, THINGS).waiting == len(THINGS)
    post(Painter(lambda _call, answers: named({n: one for n, one in answers.items() if n != 2})))
    assert asked_by(batch, store, THINGS[:4]).waiting == 1
    assert asked_by(batch, store, [*THINGS[2:8], "another"]).waiting == 2


def test_waves_lead_to_what_a_live_run_leads_to(
    batch: BatchExecutor,
    store: AnswerStore,
    post: Callable[..., None],
    provider: OpenAIProvider,
    painter: Painter,
    tmp_path: Path,
) -> None:
    def forgetful(call: Call, answers: dict[int, str]) -> Reply | None:
        if "thing f" in call.text:
            return said(None, refusal="No.")
        if len(call.body["messages"]) == 2 and len(answers) > 1:
            del answers[1]
        return None

    replies = asked_by(batch, store, THINGS)
    waves = 0
    while replies.waiting:
        waves += 1
        assert waves < 20
        post(Painter(forgetful))
        replies = asked_by(batch, store, THINGS)
    painter.twist = forgetful
    with AnswerStore(tmp_path / "live.sqlite") as other:
        live = asked_by(OnlineExecutor(provider, other, Report(Prices.load())), other, THINGS)
    assert live.given == replies.given
    assert set(live.failed) == set(replies.failed) == {"thing f"}


def test_replay_answers_what_was_recorded_and_names_the_rest(
    ask: Ask, painter: Painter, store: AnswerStore, report: Report, tmp_path: Path
) -> None:
    live = ask(THINGS[:5])
    painter.packs.clear()
    export_answers(store, tmp_path / "recorded.jsonl")
    with AnswerStore(tmp_path / "replayed.sqlite") as other:
        import_answers(tmp_path / "recorded.jsonl", other)
        replies = asked_by(ReplayExecutor(other, report), other, [*THINGS[4::-1], "another"])
    assert replies.given == live.given
    assert set(replies.failed) == {"another"}
    assert "no answer is recorded for name-colours/1" in replies.failed["another"]
    assert painter.packs == []


@pytest.mark.usefixtures("painter")
def test_what_is_expected_is_what_is_asked_then(ask: Ask, executor: Make, store: AnswerStore) -> None:
    packer = Packer(Means(executor(), Report(Prices.load()), store), store, ASKER)
    ask(THINGS[:3])
    expected = packer.expected(KIND, THINGS)
    assert [request.prompt for request in expected] == ["name-colours"] * 2
    known = {answer.key for answer in store.answers()}
    ask(THINGS)
    assert {request.key for request in expected} <= {answer.key for answer in store.answers()} - known
