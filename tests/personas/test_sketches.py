"""Biographies read from files of every kind, good and bad."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.errors import InputError
from deeppersona_graph.lines import TOLD
from deeppersona_graph.personas.sketches import LONGEST, LONGEST_LINE, Sketches, open_sketches

HUB = Path(__file__).parents[3] / "shared" / "data" / "baselines" / "personahub_4000.jsonl"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.jsonl"


def read(sketches: Sketches) -> list[tuple[int, str]]:
    return [(one.number, one.text) for one in sketches.read()]


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_records_with_one_text_field_need_no_name_for_it(file: Path) -> None:
    file.write_text(lines({"id": 1, "wer": "A baker."}, {"id": 2, "wer": "A miller."}))
    found = open_sketches(file)
    assert read(found) == [(1, "A baker."), (2, "A miller.")]
    assert (found.key, found.count(), found.malformed.count) == ("wer", 2, 0)


@pytest.mark.parametrize("name", ["persona", "biography", "bio", "description", "text", "Sketch"])
def test_among_several_text_fields_the_usual_name_is_found(file: Path, name: str) -> None:
    file.write_text(lines({"id": "a1", name: "A baker.", "city": "Oslo"}))
    assert read(open_sketches(file)) == [(1, "A baker.")]


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"persona": "A baker.", "text": "B"}, "'persona', 'text'"),
        ({"who": "A baker.", "where": "Oslo"}, "'who', 'where'"),
        ({f"f{n}": "a" for n in range(12)}, "'f7' and 4 more"),
    ],
)
def test_several_fields_that_may_hold_the_biography_are_named(
    file: Path, record: dict[str, str], named: str
) -> None:
    file.write_text(lines(record))
    with pytest.raises(InputError, match=r"line 1 has the text fields .*; say with --field") as told:
        open_sketches(file)
    assert named in str(told.value)
    assert read(open_sketches(file, next(iter(record)))) == [(1, next(iter(record.values())))]


def test_plain_text_is_a_biography_a_line(file: Path) -> None:
    file.write_bytes("\ufeffA baker in Oslo.\r\n\r\n  \t \r\n 名前は花子。 \r\nlast one".encode())
    found = open_sketches(file)
    assert read(found) == [(1, "A baker in Oslo."), (4, "名前は花子。"), (5, "last one")]
    assert (found.key, found.count(), found.origin(4)) == (None, 5, "people.jsonl:4")


def test_a_mark_carriage_returns_and_blank_lines_in_jsonl(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf{"bio": "A baker."}\r\n\r\n{"bio": "A miller."}\r\n')
    assert read(open_sketches(file)) == [(1, "A baker."), (3, "A miller.")]


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "people.jsonl.gz"
    file.write_bytes(gzip.compress(lines({"bio": "A baker."}, {"bio": "B"}).encode()))
    found = open_sketches(file)
    assert (read(found), found.count()) == ([(1, "A baker."), (2, "B")], 2)


BAD = {
    "{broken": "is no JSON",
    '["A baker."]': "is no JSON object",
    '{"name": "Ada"}': "has no field 'bio'; it has 'name'",
    "{}": "has no field 'bio'; it has none",
    '{"bio": "  "}': "the field 'bio' is empty",
    '{"bio": null}': "the field 'bio' is no text but null",
    '{"bio": ["A baker."]}': "is no text",
    '{"bio": "\\ud800"}': "no valid Unicode",
    '{"bio": "a\\u0000b"}': "no valid Unicode",
    json.dumps({"bio": "a" * (LONGEST + 1)}): "has a biography of 20,001 characters; at most 20,000",
    json.dumps({"bio": "A baker.", "more": "a" * LONGEST_LINE}): "is longer than 1,048,576 bytes",
    "[" * 100_000: "is nested too deep",
    "9" * 5000: "is no JSON",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items(), ids=lambda text: text[:20])
def test_a_spoiled_line_is_told_by_number_and_the_rest_goes_on(file: Path, line: str, reason: str) -> None:
    file.write_text(lines({"bio": "A baker."}) + line + "\n" + lines({"bio": "A miller."}))
    found = open_sketches(file)
    assert read(found) == [(1, "A baker."), (3, "A miller.")]
    assert [number for number, _ in found.malformed.first] == [2]
    assert reason in found.malformed.first[0][1]
    assert len(found.malformed.first[0][1]) < 200


def test_a_line_that_is_not_utf_8_is_told(file: Path) -> None:
    file.write_bytes("A baker.\nCafé\nA miller.\n".encode("latin-1"))
    found = open_sketches(file)
    assert read(found) == [(1, "A baker."), (3, "A miller.")]
    assert found.malformed.first == [(2, "is no text in UTF-8")]


def test_of_many_spoiled_lines_the_first_are_told_and_all_counted_each_time(file: Path) -> None:
    file.write_text(lines({"bio": "A baker."}) + "{\n" * 1000)
    found = open_sketches(file)
    for _ in range(2):
        assert len(read(found)) == 1
        assert found.malformed.count == 1000
        assert [number for number, _ in found.malformed.first] == list(range(2, 2 + TOLD))


def test_spoiled_lines_at_the_beginning_do_not_hide_what_the_file_is(file: Path) -> None:
    file.write_text('# bios\n{"bio": "A ba\n' + lines({"id": 7}, {"bio": "A baker."}))
    found = open_sketches(file)
    assert read(found) == [(4, "A baker.")]
    assert [number for number, _ in found.malformed.first] == [1, 2, 3]


def test_only_the_first_lines_are_read_where_there_is_a_limit(file: Path) -> None:
    file.write_text("a\n\nb\nc\n")
    found = open_sketches(file, limit=3)
    assert (read(found), found.count()) == ([(1, "a"), (3, "b")], 3)
    assert open_sketches(file, limit=99).count() == 4
    with pytest.raises(InputError, match="a limit of 0: expected at least 1"):
        open_sketches(file, limit=0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; expected a biography a line"),
        (b"\n \r\n", "is empty"),
        (b"{oh\n{no\n", "no line can be used in .*; line 1 is no JSON"),
        (b'{"id": 1}\n', "line 1 has no field with a text"),
        (b"\xff\xfeA\x00 \x00b\x00\n\x00", "line 1 is no text in UTF-8"),
        (b"PAR1\x00\x15\x04\xff", "is no text in UTF-8"),
        (b'[{"bio": "A"}, {"bio": "B"}]', "is one JSON document; expected JSONL"),
        (b'[\n  {"bio": "A"},\n  {"bio": "B"}\n]\n', "is one JSON document"),
        (b'{\n  "bio": "A"\n}\n', "is one JSON document"),
        (b"\x1f\x8b broken", "cannot unpack"),
        (gzip.compress(b"A baker.\n" * 99)[:-12], "cannot unpack"),
    ],
)
def test_a_file_of_no_use_is_one_clear_line(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=says) as told:
        read(open_sketches(file))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_a_field_that_no_record_has_is_told_with_those_there_are(file: Path) -> None:
    file.write_text(lines({"bio": "A baker.", "id": 1}))
    with pytest.raises(InputError, match="line 1 has no field 'biography'; it has 'bio', 'id'"):
        open_sketches(file, "biography")


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*nowhere: No such file"):
        open_sketches(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a folder; expected a biography a line"):
        open_sketches(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        open_sketches(Path("a\0b"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe or a device"):
        open_sketches(tmp_path / "pipe")


def test_a_file_keeps_its_identity_while_it_grows_and_another_has_its_own(file: Path, tmp_path: Path) -> None:
    file.write_text(lines({"bio": "A baker.", "city": "Oslo"}))
    before = open_sketches(file).identity
    with file.open("a") as more:
        more.write(lines({"bio": "A miller.", "city": "Rome"}))
    assert open_sketches(file).identity == open_sketches(file, limit=1).identity == before
    assert open_sketches(file, "city").identity != before
    other = tmp_path / "others.jsonl"
    other.write_bytes(file.read_bytes())
    assert open_sketches(other).identity != before
    file.write_text(lines({"bio": "A sailor.", "city": "Oslo"}))
    assert open_sketches(file).identity != before


def test_a_name_of_a_file_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    file.write_text("A baker.\n")
    found = open_sketches(file)
    (found.identity + found.origin(1)).encode("utf-8")


def test_however_long_the_file_memory_stays_small(file: Path) -> None:
    with file.open("w") as stream:
        stream.writelines(f'{{"bio": "Person {n} {"x" * 200}"}}\n' for n in range(100_000))
        stream.write("y" * (30 * LONGEST_LINE) + "\n")
        stream.write(lines({"bio": "The last."}))
    tracemalloc.start()
    try:
        found = open_sketches(file)
        numbers = sum(one.number for one in found.read())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.count(), numbers) == (100_002, 100_000 * 100_001 // 2 + 100_002)
    assert found.malformed.first == [(100_001, "is longer than 1,048,576 bytes")]
    assert peak < 40 * 2**20


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@given(st.lists(TEXT, min_size=1, max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_whatever_texts_there_are_each_comes_back_from_its_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], end: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.jsonl"
    records = [json.dumps({"bio": text}, ensure_ascii=False) for text in texts]
    file.write_bytes(("\n".join(records) + "\n" if end == "\n" else end.join(records)).encode())
    wanted = [(number, text.strip()) for number, text in enumerate(texts, start=1) if text.strip()]
    if wanted:
        found = open_sketches(file, "bio")
        assert read(found) == wanted
        assert found.malformed.count == len(texts) - len(wanted)
        assert found.count() == len(texts)


def test_persona_hub_is_read_to_its_end() -> None:
    if not HUB.is_file():
        pytest.skip(f"there is no {HUB}")
    found = open_sketches(HUB)
    numbers = [number for number, text in read(found) if text]
    assert numbers == list(range(1, 4001))
    assert (found.key, found.count(), found.malformed.count) == ("persona", 4000, 0)
