"""Files of personas that cannot be finished, and what they may be read by."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deeppersona_graph.errors import InputError, ServerError
from deeppersona_graph.files import written_whole
from deeppersona_graph.personas.export import check_target, whole_file

_FULL = """
import resource, signal, sys
from pathlib import Path
from deeppersona_graph.errors import InputError
from deeppersona_graph.personas.export import whole_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with whole_file(Path(sys.argv[1])) as path, path.open("w") as out:
        for _ in range(1000):
            out.write("a line of personas\\n")
except InputError as error:
    print(error)
"""


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], indirect=True)
def test_a_file_has_the_permissions_that_the_umask_leaves(umask: int, tmp_path: Path) -> None:
    for name, private in (("shared", False), ("secret", True)):
        with written_whole(tmp_path / name, private=private) as draft:
            assert _mode(draft) == (0o600 if private else 0o666) & ~umask
            draft.write_text("whole")
    with whole_file(tmp_path / "people.jsonl") as path:
        path.write_text("whole")
    found = {path.name: _mode(path) for path in tmp_path.iterdir()}
    assert found == {"shared": 0o666 & ~umask, "people.jsonl": 0o666 & ~umask, "secret": 0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a file's size are POSIX's")
def test_a_file_that_cannot_be_written_to_its_end_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "people.jsonl"
    target.write_text("kept")
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(target)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"cannot write {target}: File too large; make room or choose another file\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("people.jsonl", "kept")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_an_error_of_input(tmp_path: Path) -> None:
    target = tmp_path / "people.csv"
    with (
        pytest.raises(InputError, match=r"cannot write .*people\.csv: No space left on device; make room"),
        whole_file(target),
        Path("/dev/full").open("w") as out,
    ):
        out.write("a line of personas\n")
    assert list(tmp_path.iterdir()) == []


def test_errors_of_ours_in_the_middle_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="the server went away"), whole_file(tmp_path / "people.csv"):
        raise ServerError("the server went away")
    assert list(tmp_path.iterdir()) == []


def test_a_target_is_checked_without_leaving_a_trace(tmp_path: Path) -> None:
    check_target(tmp_path / "people.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv: it is a folder; choose another file"):
        check_target(tmp_path / "folder.csv")
    with pytest.raises(InputError, match=r"cannot write .*; choose another file or make its folder"):
        check_target(tmp_path / "no" / "people.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]
