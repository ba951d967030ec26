"""The store of answers: several processes, what cannot be opened, and recordings of it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from programs import ASKER, Word

from deeppersona_graph.errors import AnswerStoreError, ResponseFileError
from deeppersona_graph.llm.answers import Raw, Tokens
from deeppersona_graph.llm.recordings import export_answers, import_answers
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore


def request(number: int) -> Request[Word]:
    return ASKER.request("next-word", Word, name=f"person {number}", step=0, before="")


def answer(number: int) -> Raw:
    return Raw(f'{{"word": "ü{number}", "number": 1}}', "stop", None, "m", Tokens(number, 1, 2))


def test_an_answer_stays_as_it_was_first_put(store: AnswerStore) -> None:
    store.put(request(1), answer(1), "online")
    store.put(request(1), answer(2), "batch")
    assert store.get(request(1).key) == answer(1)
    assert store.get(request(2).key) is None
    (kept,) = store.answers()
    assert (kept.prompt, kept.version, kept.asked, kept.source) == ("next-word", 1, "gpt-4o-mini", "online")
    assert kept.characters == request(1).characters


def test_what_was_set_aside_is_never_served_and_can_be_put_anew(store: AnswerStore) -> None:
    store.put(request(1), answer(1), "online")
    store.set_aside([request(1).key, request(2).key], "of no use")
    assert store.get(request(1).key) is None
    assert store.set_aside_reasons() == [(request(1).key, "next-word", "of no use")]
    store.put(request(1), answer(3), "online")
    assert store.get(request(1).key) == answer(3)


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from test_answer_store import AnswerStore, answer, request
store = AnswerStore(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    store.put(request(number), answer(number), "online")
store.close()
"""


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "answers.sqlite"
    here = str(Path(__file__).parent)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(start), str(start + 200), here],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for start in (0, 100)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, complaint = writer.communicate(timeout=120)
        assert (writer.returncode, complaint) == (0, "")
    with AnswerStore(path) as store:
        assert {kept.key: kept.raw for kept in store.answers()} == {
            request(number).key: answer(number) for number in range(300)
        }


def test_a_damaged_file_is_reported_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(AnswerStoreError, match="cannot be used: file is not a database"):
        AnswerStore(path).get("key")
    assert path.read_bytes() == b"no database" * 1000


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AnswerStoreError, match="cannot be used"):
        AnswerStore(tmp_path / "file" / "answers.sqlite").get("key")


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(AnswerStoreError, match="later version"):
        AnswerStore(path).get("key")


def test_recordings_bring_every_answer_into_another_store(store: AnswerStore, tmp_path: Path) -> None:
    for number in range(3):
        store.put(request(number), answer(number), "online")
    file = tmp_path / "recorded.jsonl"
    assert export_answers(store, file) == 3
    with AnswerStore(tmp_path / "other.sqlite") as other:
        assert import_answers(file, other) == 3
        assert import_answers(file, other) == 0
        assert list(other.answers()) == list(store.answers())
    assert export_answers(store, file, [request(2).key, "absent"]) == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("{", "line 2"), ('{"key": "a"}', "line 2: prompt: Field required"), ("\xff", "line 2")],
)
def test_a_line_that_is_no_recording_is_named(
    store: AnswerStore, tmp_path: Path, line: str, complaint: str
) -> None:
    store.put(request(0), answer(0), "online")
    file = tmp_path / "recorded.jsonl"
    export_answers(store, file)
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(ResponseFileError, match=complaint):
        import_answers(file, store)
    with pytest.raises(ResponseFileError, match="cannot be read"):
        import_answers(tmp_path / "absent", store)


def test_experience_sums_up_what_answers_to_a_model_took(store: AnswerStore) -> None:
    for number in (10, 20):
        store.put(request(number), answer(number), "online")
    (experience,) = store.experience("gpt-4o-mini").values()
    assert (experience.answers, experience.tokens) == (2, Tokens(30, 2, 4))
    assert experience.characters == request(10).characters + request(20).characters
    assert store.experience("another") == {}
