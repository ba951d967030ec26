"""Dialogues in every format read from files good and bad, each exchange once and masked."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.errors import InputError
from deeppersona_graph.lines import TOLD
from deeppersona_graph.model.dialogue import exchange_id
from deeppersona_graph.taxonomy.dialogues import LONGEST_TEXT, Dialogues, open_dialogues
from deeppersona_graph.taxonomy.dialogues.files import LONGEST_LINE

SHARED = Path(__file__).parents[3] / "shared" / "data" / "dialogues"

Pairs = list[tuple[str, str]]
Write = Callable[..., Dialogues]

ASKED = {"question": "Any pets?", "answer": "Two cats."}
TURNS = [{"role": "user", "content": "I row."}, {"role": "assistant", "content": "Where?"}]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chats.jsonl"


@pytest.fixture
def opened(file: Path) -> Write:
    """Writes lines (records as JSON, text and bytes as they are) and opens the file."""

    def run(*lines: Any) -> Dialogues:
        file.write_bytes(b"".join(one if isinstance(one, bytes) else raw(one) for one in lines))
        return open_dialogues([file])

    return run


def raw(one: Any) -> bytes:
    return ((one if isinstance(one, str) else json.dumps(one)) + "\n").encode()


def pairs(dialogues: Dialogues) -> Pairs:
    return [(one.question, one.answer) for one in dialogues.read()]


@pytest.mark.parametrize(
    "names",
    [
        "question answer",
        "prompt response",
        "instruction output",
        "input output",
        "query response",
        "Question Answer",
    ],
)
def test_a_question_and_its_answer_may_be_called_in_several_ways(opened: Write, names: str) -> None:
    question, answer = names.split()
    found = opened({question: " Any pets? ", answer: "Two cats.\n", "id": 3})
    assert pairs(found) == [("Any pets?", "Two cats.")]


def test_an_instruction_takes_its_input_along(opened: Write) -> None:
    found = opened({"instruction": "Reply.", "input": "I row.", "output": "Where?"})
    assert pairs(found) == [("Reply.\n\nI row.", "Where?")]


CHAT: list[tuple[str, str]] = [
    ("system", "Be kind."),
    ("assistant", "Hello!"),
    ("user", "I row."),
    ("tool", "{}"),
    ("assistant", "Where?"),
    ("assistant", "And when?"),
    ("user", "On the Thames."),
    ("user", "At six."),
    ("assistant", "Early!"),
    ("user", "Yes."),
]
EXCHANGES = [("I row.", "Where?"), ("On the Thames.", ""), ("At six.", "Early!"), ("Yes.", "")]
MESSAGES = [{"role": role, "content": text} for role, text in CHAT]
SHAREGPT = [
    {"from": {"user": "human", "assistant": "gpt"}.get(role, role), "value": text} for role, text in CHAT
]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"messages": MESSAGES}),
        json.dumps(MESSAGES),
        json.dumps({"conversations": SHAREGPT}),
        json.dumps([{"conversations": SHAREGPT}]),
        json.dumps([{"conversations": SHAREGPT}], indent=2),
        json.dumps({"messages": MESSAGES}, indent=2),
        json.dumps(MESSAGES, indent=2),
        json.dumps([MESSAGES], indent=2),
        json.dumps([MESSAGES]),
        ",\n".join([f"[{json.dumps({'messages': MESSAGES})}", f"{json.dumps({'messages': MESSAGES})}]"]),
    ],
    ids=["messages", "bare list", "ShareGPT", "array on a line", "array", "object", "turns", "chats",
         "chats on a line", "a record a line"],
)  # fmt: skip
def test_each_turn_of_the_user_goes_with_the_answer_that_follows(opened: Write, content: str) -> None:
    assert pairs(opened(content)) == EXCHANGES
    assert pairs(opened(b"\xef\xbb\xbf" + content.encode())) == EXCHANGES


def test_of_a_content_in_parts_the_texts_are_taken(opened: Write) -> None:
    parts = [
        {"type": "text", "text": "This is"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "my cat."},
    ]
    called = {"role": "assistant", "content": None, "tool_calls": []}
    found = opened([{"role": "user", "content": parts}, called, {"role": "assistant", "content": "Sweet!"}])
    assert pairs(found) == [("This is\nmy cat.", "Sweet!")]


def test_a_plain_sentence_is_an_answer_without_a_question(opened: Write) -> None:
    found = opened(b"\xef\xbb\xbfI row.\r\n\r\n", "[laughs] I have two cats.", '"Emma" is my favourite book.')
    wanted = [("", "I row."), ("", "[laughs] I have two cats."), ("", '"Emma" is my favourite book.')]
    assert pairs(found) == wanted


def test_each_line_decides_for_itself_what_it_is(opened: Write) -> None:
    found = opened(ASKED, "I swim.", {"messages": TURNS}, TURNS, [{"question": "Q", "answer": "A"}, "I ski."])
    assert pairs(found) == [
        ("Any pets?", "Two cats."), ("", "I swim."), ("I row.", "Where?"), ("Q", "A"), ("", "I ski.")
    ]  # fmt: skip
    assert found.duplicates == 1


def test_source_and_licence_are_those_of_the_record_else_the_file_gives_its_name(opened: Write) -> None:
    found = opened(
        ASKED | {"source": "diary", "licence": "CC0-1.0"},
        {"messages": TURNS, "license": "MIT", "source": 7},
        {"question": "", "answer": "I ski.", "source": "post by @jane_doe"},
    )
    assert [(one.source, one.licence) for one in found.read()] == [
        ("diary", "CC0-1.0"), ("chats.jsonl", "MIT"), ("post by [account]", "")
    ]  # fmt: skip


def test_notes_are_masked_before_they_are_cut(opened: Write) -> None:
    long = "x " * 95 + "jane.doe@example.org"
    (one,) = opened(ASKED | {"source": long, "licence": "ask jane@example.org"}).read()
    assert (one.source, one.licence) == ("x " * 95 + "[e-mail]", "ask [e-mail]")


def test_ids_are_of_the_masked_text_and_do_not_depend_on_spelling(opened: Write) -> None:
    found = opened(
        {"question": "Mail?", "answer": "It is a@b.org"}, {"question": "MAIL?", "answer": "It  is c@d.org"}
    )
    (one,) = found.read()
    assert (one.answer, one.id) == ("It is [e-mail]", exchange_id("mail?", "it is [e-mail]"))
    assert (len(one.id), found.duplicates, found.masked) == (16, 1, 1)


def test_duplicates_are_dropped_across_files_and_counted_anew_each_time(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl.gz")]
    files[0].write_bytes(raw(ASKED) + raw("{no") + raw(ASKED))
    files[1].write_bytes(gzip.compress(raw("I row.") + raw(ASKED) + raw("{no") + raw("{no")))
    found = open_dialogues(files)
    for _ in range(2):
        assert pairs(found) == [("Any pets?", "Two cats."), ("", "I row.")]
        assert (found.duplicates, found.masked) == (2, 0)
        assert {path.name: one.count for path, one in found.malformed.items()} == {
            "a.jsonl": 1,
            "b.jsonl.gz": 2,
        }
    found.read()
    assert (found.duplicates, [one.count for one in found.malformed.values()]) == (0, [0, 0])


BAD: dict[str, tuple[Any, str]] = {
    "JSON that breaks off": ('{"question": "a', "is no JSON"),
    "the end of a record": ('and so on", "answer": "b"}', "is no sentence"),
    "other fields": ({"title": "a"}, "has no question and answer; it has 'title', expected 'question' and"),
    "no fields": ({}, "it has no field"),
    "a number": ({"question": 7, "answer": "a"}, "the field 'question' is no text but 7"),
    "both empty": ({"question": " ", "answer": None}, "question and answer are both empty"),
    "half a pair": ({"question": "a", "answer": "\ud800"}, "no valid Unicode"),
    "NUL": ({"question": "a", "answer": "b\0"}, "no valid Unicode"),
    "a NUL in a sentence": (b"I\0row.\n", "is no sentence"),
    "Latin-1": ("Café.\n".encode("latin-1"), "is no text in UTF-8"),
    "no list": ([], "is no chat"),
    "numbers": ([[1, 2]], "is no chat"),
    "no turns": ({"messages": []}, "is no chat"),
    "nobody": ({"messages": [{"role": "narrator", "content": "a"}]}, "has a turn by \"narrator\""),
    "no user": ({"messages": [{"role": "assistant", "content": "a"}]}, "no user speaks"),
    "nesting": ("[" * 100_000, "is nested too deep"),
    "a long number": ('{"question": ' + "9" * 5000, "is no JSON"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_spoiled_line_is_told_by_number_and_the_rest_goes_on(opened: Write, file: Path, what: str) -> None:
    line, reason = BAD[what]
    found = opened(ASKED, line, *(f"I have {n} cats." for n in range(8)))
    assert len(pairs(found)) == 9
    (told,) = found.malformed[file].first
    assert told[0] == 2
    assert reason in told[1]
    assert len(told[1]) < 200
    assert "\n" not in told[1]


@pytest.mark.parametrize(
    "line",
    [
        'jane.doe@example.org", "answer": "b"}',
        'I am on 5\\n@jane_doe", "answer": "b"}',
        {"question": {"text": "jane.doe@example.org"}, "answer": "b"},
        {"question": ["a"], "answer": {"text": "Hi\n@jane_doe"}},
        {"jane.doe@example.org": "a"},
        {"messages": ["jane.doe@example.org"]},
        [1, "jane@münchen.de"],
        {"messages": [{"role": "jane.doe@example.org", "content": "a"}]},
        {"messages": [{"role": "x" * 10 + " jane.doe@example.org and others", "content": "a"}]},
    ],
)
def test_what_is_told_of_a_spoiled_line_is_masked(opened: Write, file: Path, line: Any) -> None:
    found = opened(ASKED, raw([line]) if isinstance(line, list) else line)
    pairs(found)
    ((_, reason),) = found.malformed[file].first
    assert "jane" not in reason
    assert "[e-mail]" in reason or "[account]" in reason


def test_of_a_document_that_breaks_off_nothing_is_shown(opened: Write, file: Path) -> None:
    found = opened('[\n{"question": "a", "answer": "b"},\n{"mail": "jane.doe@example.org", oops}\n]')
    assert pairs(found) == [("a", "b")]
    ((_, reason),) = found.malformed[file].first
    assert "jane" not in reason
    assert "example" not in reason


def test_of_many_spoiled_lines_the_first_are_told(opened: Write, file: Path) -> None:
    found = opened(ASKED, *["{"] * 1000)
    assert len(pairs(found)) == 1
    assert found.malformed[file].count == 1000
    assert [number for number, _ in found.malformed[file].first] == list(range(2, 2 + TOLD))


def test_a_spoiled_record_of_a_document_is_told_by_its_number(opened: Write, file: Path) -> None:
    found = opened(json.dumps([ASKED, {"title": "a"}, "I row."], indent=1))
    assert pairs(found) == [("Any pets?", "Two cats."), ("", "I row.")]
    ((number, reason),) = found.malformed[file].first
    assert (number, reason.endswith("(counted in records)")) == (2, True)


def test_a_document_that_breaks_off_is_read_as_far_as_it_goes(opened: Write, file: Path) -> None:
    found = opened(json.dumps([ASKED] * 3 + ["I row."] * 200, indent=1)[:-50])
    assert pairs(found) == [("Any pets?", "Two cats."), ("", "I row.")]
    ((_, reason),) = found.malformed[file].first
    assert reason.startswith("is no JSON and what follows was not read")


def test_long_texts_are_cut_and_nothing_to_be_masked_is_cut_in_two(opened: Write) -> None:
    long = "a " * (LONGEST_TEXT // 2 - 4) + "jane.doe@example.org " + "b " * LONGEST_TEXT
    (found,) = pairs(opened({"question": long, "answer": "x" * (LONGEST_TEXT + 1)}))
    assert len(found[0]) <= LONGEST_TEXT == len(found[1])
    assert "jane" not in found[0]
    assert found[0].endswith("a [e-mail]")


def test_however_long_a_line_and_a_file_memory_stays_small(file: Path) -> None:
    with file.open("w") as stream:
        stream.write(json.dumps(ASKED) + "\n")
        stream.write('{"question": "' + "y" * (50 << 20) + '", "answer": ""}\n')
        stream.writelines(f'{{"question": "{"x" * 300}?", "answer": "I am {n}."}}\n' for n in range(20_000))
    tracemalloc.start()
    try:
        found = open_dialogues([file])
        count = sum(1 for _ in found.read())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_001
    assert found.malformed[file].first == [(2, f"is longer than {LONGEST_LINE:,} bytes")]
    assert peak < 30 * 2**20


def test_a_list_on_a_line_too_long_for_a_record_is_read_record_by_record(file: Path) -> None:
    records = ({"question": "x" * 300, "answer": f"I am {n}."} for n in range(20_000))
    file.write_text("[" + ", ".join(map(json.dumps, records)) + "]")
    assert file.stat().st_size > LONGEST_LINE
    found = open_dialogues([file])
    assert (sum(1 for _ in found.read()), found.malformed[file].count) == (20_000, 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; expected dialogues in UTF-8"),
        (b"\n \r\n", "is empty"),
        (b"{oh\n{no\n", "no line can be used in .*; line 1 is no JSON"),
        (b'{"title": "a"}\n', "line 1 has no question and answer"),
        (b'{\n "data": [\n  1\n ]\n}\n', "line 1 has no question and answer"),
        ("I row.\nI ski.\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("I row.\nI ski.\n".encode("utf-16-le"), "is no text; expected"),
        (
            "J'ai été là.\nOui.\nÀ Nîmes.\nNon.\n".encode("latin-1"),
            r"is not in UTF-8; save it as UTF-8 \(from",
        ),
        ("J'ai été là.".encode("latin-1"), "is not in UTF-8"),
        (b"PAR1\x00\x15\x04\xff", "is no text"),
        (b"%PDF-1.4\n1 0 obj\n", "is no text"),
        (bytes(range(256)) * 100, "is no text"),
        (b"question,answer\nPets?,Cats.\n", r"is a table \(CSV\)"),
        (b"\x1f\x8b broken", "cannot unpack"),
        (gzip.compress(b"I row.\n" * 99)[:-12], "cannot unpack"),
    ],
)
def test_a_file_of_no_use_is_one_clear_line(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=says) as told:
        list(open_dialogues([file]).read())
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500


def test_what_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*nowhere: No such file"):
        open_dialogues([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="is a folder; expected dialogues"):
        open_dialogues([tmp_path])
    with pytest.raises(InputError, match="no file of dialogues is given"):
        open_dialogues([])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe or a device"):
        open_dialogues([tmp_path / "pipe"])


WORDS = st.text(st.sampled_from("abc éß花[]{}\",'"), max_size=20)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=12), st.booleans())
def test_whatever_is_said_comes_back(
    tmp_path_factory: pytest.TempPathFactory, said: Pairs, document: bool
) -> None:
    wanted = {
        exchange_id(q.strip(), a.strip()): (q.strip(), a.strip())
        for q, a in reversed(said)
        if (q + a).strip()
    }
    if not wanted:
        return
    file = tmp_path_factory.getbasetemp() / "any.json"
    records = [{"question": question, "answer": answer} for question, answer in said]
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    file.write_text(json.dumps(records, indent=1) if document else lines, "utf-8")
    found = open_dialogues([file])
    assert {one.id: (one.question, one.answer) for one in found.read()} == wanted
    empty = sum(not (question + answer).strip() for question, answer in said)
    assert found.malformed[file].count == empty
    assert found.duplicates == len(said) - empty - len(wanted)


def test_the_shared_dialogues_are_read_to_their_end() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED}")
    wanted = {
        "personal_qa_permissive.jsonl": 33_497,
        "personal_qa_research_nc.jsonl": 7_292,
        "msc_persona_sentences.txt": 30_943,
    }
    for name, count in wanted.items():
        found = open_dialogues([SHARED / name])
        read = sum(1 for _ in found.read())
        assert (read + found.duplicates, found.malformed[SHARED / name].count) == (count, 0)
        assert found.masked < 50
