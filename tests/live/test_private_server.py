"""The private server through everything that happens to servers: real processes, a real store."""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import platformdirs
import psutil
import pytest
from neo4j import Driver, GraphDatabase

from deeppersona_graph.errors import InputError, ServerError
from deeppersona_graph.graph import server
from deeppersona_graph.graph.jars import NEO4J_VERSION, ensure_jars
from deeppersona_graph.graph.server import Endpoint
from deeppersona_graph.graph.server_files import ServerRecord, server_folder
from deeppersona_graph.graph.server_process import processes_of
from deeppersona_graph.settings import Settings, load_settings

pytestmark = pytest.mark.live
COMMAND = [sys.executable, "-c", "from deeppersona_graph.cli.main import main; main()", "server"]


@pytest.fixture(scope="session")
def jars_folder() -> Path:
    """The jars, fetched once a machine."""
    cache = Path(platformdirs.user_cache_dir("deeppersona-tests"))
    return ensure_jars(load_settings(data_dir=cache)).parent


@pytest.fixture
def settings(tmp_path: Path, jars_folder: Path) -> Iterator[Settings]:
    """A data folder of its own, its name not an easy one."""
    data = tmp_path / "dätä folder: 1"
    data.mkdir()
    (data / "jars").symlink_to(jars_folder)
    yield load_settings(data_dir=data)
    for process in processes_of(server_folder(load_settings(data_dir=data))):
        process.kill()
        process.wait()


def driver(endpoint: Endpoint) -> Driver:
    return GraphDatabase.driver(endpoint.uri, auth=(endpoint.username, endpoint.password))


def remember(endpoint: Endpoint, mark: str) -> None:
    with driver(endpoint) as connection:
        connection.execute_query("CREATE (:Mark {name: $mark})", mark=mark)


def remembered(endpoint: Endpoint) -> set[str]:
    with driver(endpoint) as connection:
        return {
            row["name"] for row in connection.execute_query("MATCH (m:Mark) RETURN m.name AS name").records
        }


def record_of(settings: Settings) -> ServerRecord:
    record = server_folder(settings).read()
    assert record is not None
    return record


def running(settings: Settings) -> set[int]:
    return {process.pid for process in processes_of(server_folder(settings))}


def command(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    line = [*COMMAND, *arguments, "--data-dir", str(settings.data_dir)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


def kill(settings: Settings) -> None:
    process = psutil.Process(record_of(settings).pid)
    process.kill()
    process.wait()


def test_a_server_starts_serves_stops_and_starts_again_with_its_data(settings: Settings) -> None:
    lines: list[str] = []
    first = server.ensure_running(settings, lines.append)
    remember(first, "kept")
    assert any(first.uri in line and "deeppersona server stop" in line for line in lines)
    found = server.status(settings)
    assert (found.running, found.uri, found.username) == (True, first.uri, "neo4j")
    assert (found.version, found.pid) == (NEO4J_VERSION, record_of(settings).pid)
    assert found.store_size > 100_000
    assert found.uptime is not None
    assert any("Started." in line for line in server.log_tail(settings, 50))
    assert json.loads(output(command(settings, "logs", "-n", "1", "--json"))[1]) == server.log_tail(
        settings, 1
    )
    assert server.stop(settings)
    assert not server.stop(settings)
    assert (server.status(settings).running, running(settings)) == (False, set())
    second = server.ensure_running(settings)
    assert second == first
    assert remembered(second) == {"kept"}


def test_it_listens_on_loopback_alone_and_its_secrets_are_its_owners(settings: Settings) -> None:
    endpoint = server.ensure_running(settings)
    process = psutil.Process(record_of(settings).pid)
    listening = {one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    folder = server_folder(settings)
    for secret in (folder.record_file, folder.home / "data" / "dbms" / "auth.ini"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.home.stat().st_mode) == 0o700
    assert endpoint.password not in " ".join(process.cmdline())
    assert endpoint.password not in repr(endpoint) + repr(record_of(settings))


def test_two_commands_at_once_start_one_server(settings: Settings) -> None:
    both = [command(settings, "start", "--json") for _ in range(2)]
    answers = [output(one) for one in both]
    assert [code for code, _, _ in answers] == [0, 0], answers
    told = {json.loads(out)["pid"] for _, out, _ in answers}
    assert told == running(settings)
    assert len(told) == 1


def test_the_server_outlives_the_command_and_serves_the_next(settings: Settings) -> None:
    code, out, err = output(command(settings, "start", "--json"))
    assert (code, json.loads(out)["running"]) == (0, True)
    assert "starting the private Neo4j server" in err
    endpoint = server.ensure_running(settings)
    assert endpoint.uri == json.loads(out)["uri"]
    assert remembered(endpoint) == set()
    assert output(command(settings, "stop"))[:2] == (0, "the private server has stopped\n")


def test_a_killed_server_comes_back_with_all_it_acknowledged(settings: Settings) -> None:
    endpoint = server.ensure_running(settings)
    marks = {f"mark {number}" for number in range(20)}
    for mark in marks:
        remember(endpoint, mark)
    kill(settings)
    assert not server.status(settings).running
    again = server.ensure_running(settings)
    assert remembered(again) == marks


def test_a_stale_record_does_not_claim_another_process(settings: Settings) -> None:
    first = server.ensure_running(settings)
    server.stop(settings)
    stale = record_of(settings).model_copy(update={"pid": os.getpid(), "token": "gone", "ready": True})
    server_folder(settings).write(stale)
    assert not server.status(settings).running
    assert not server.stop(settings)
    server_folder(settings).write(stale)
    assert server.ensure_running(settings) == first
    assert record_of(settings).pid not in (None, os.getpid())


def test_a_start_that_was_interrupted_is_taken_over(settings: Settings) -> None:
    server.ensure_running(settings)
    record = record_of(settings)
    server_folder(settings).write(record.model_copy(update={"pid": None, "ready": False}))
    server.ensure_running(settings)
    assert record_of(settings) == record
    assert running(settings) == {record.pid}


def test_a_taken_port_is_left_to_its_owner(settings: Settings) -> None:
    first = server.ensure_running(settings)
    server.stop(settings)
    with socket.create_server(("127.0.0.1", record_of(settings).port or 0)):
        second = server.ensure_running(settings)
    assert second.uri != first.uri
    assert remembered(second) == set()


def test_a_port_lost_while_starting_is_given_up_for_another(settings: Settings) -> None:
    taken: list[socket.socket] = []

    def take_its_port() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            record = server_folder(settings).read()
            if record and record.port:
                taken.append(socket.create_server(("127.0.0.1", record.port)))
                return
            time.sleep(0.005)

    rival = threading.Thread(target=take_its_port)
    rival.start()
    try:
        endpoint = server.ensure_running(settings)
        rival.join()
        assert str(taken[0].getsockname()[1]) not in endpoint.uri
        assert remembered(endpoint) == set()
    finally:
        rival.join()
        for one in taken:
            one.close()


def test_a_moved_data_folder_takes_its_server_along(settings: Settings, tmp_path: Path) -> None:
    endpoint = server.ensure_running(settings)
    remember(endpoint, "moved")
    old = record_of(settings).pid
    settings.data_dir.rename(tmp_path / "elsewhere")
    moved = load_settings(data_dir=tmp_path / "elsewhere")
    try:
        again = server.ensure_running(moved)
        assert remembered(again) == {"moved"}
        assert again.password == endpoint.password
        assert record_of(moved).pid != old
        assert not psutil.pid_exists(old or 0)
    finally:
        server.stop(moved)


def test_a_copied_data_folder_leaves_the_first_ones_server_alone(settings: Settings, tmp_path: Path) -> None:
    server.ensure_running(settings)
    shutil.copytree(settings.data_dir, tmp_path / "copy", symlinks=True)
    copy = load_settings(data_dir=tmp_path / "copy")
    assert not server.status(copy).running
    assert not server.stop(copy)
    server.wipe(copy)
    assert server.status(settings).running


def test_a_server_that_is_not_ready_in_time_is_stopped_and_the_error_says_so(settings: Settings) -> None:
    with pytest.raises(ServerError, match=r"not ready after 0 s and was stopped: .*its last word"):
        server.ensure_running(settings, start_limit=0.01)
    assert running(settings) == set()


def test_a_server_that_ends_at_once_gives_its_reason(settings: Settings) -> None:
    store = server_folder(settings).home / "data" / "databases"
    store.parent.mkdir(parents=True)
    store.write_text("in the way of the store")
    began = time.monotonic()
    with pytest.raises(ServerError, match=r"ended while it started: .*Exception: .*deeppersona server logs"):
        server.ensure_running(settings)
    assert time.monotonic() - began < server.START_LIMIT / 2
    assert running(settings) == set()


def test_a_lost_password_file_is_told_and_the_store_left_alone(settings: Settings) -> None:
    server.ensure_running(settings)
    server.stop(settings)
    server_folder(settings).record_file.unlink()
    size = server.status(settings).store_size
    with pytest.raises(ServerError, match=r"server\.json is missing.*deeppersona server wipe"):
        server.ensure_running(settings)
    assert server.status(settings).store_size == size


def test_a_broken_password_file_is_told_and_wipe_mends_it(settings: Settings) -> None:
    server.ensure_running(settings)
    server_folder(settings).record_file.write_text("{")
    with pytest.raises(ServerError, match=r"cannot read .*server\.json: it is damaged"):
        server.ensure_running(settings)
    server.wipe(settings)
    assert running(settings) == set()
    assert remembered(server.ensure_running(settings)) == set()


def test_a_wrong_password_file_is_told_at_once(settings: Settings) -> None:
    server.ensure_running(settings)
    server.stop(settings)
    server_folder(settings).write(record_of(settings).model_copy(update={"password": "another"}))
    with pytest.raises(ServerError, match=r"refuses the password in .*server\.json"):
        server.ensure_running(settings)
    assert running(settings) == set()


def test_wipe_deletes_the_store_and_keeps_the_jars(settings: Settings, jars_folder: Path) -> None:
    first = server.ensure_running(settings)
    remember(first, "wiped")
    code, _, err = output(command(settings, "wipe"))
    assert (code, "--yes" in err) == (2, True)
    assert server.status(settings).running
    assert output(command(settings, "wipe", "--yes"))[0] == 0
    assert running(settings) == set()
    assert {path.name for path in settings.data_dir.iterdir()} <= {"jars", "jars.lock", "server.lock"}
    assert any(jars_folder.iterdir())
    second = server.ensure_running(settings)
    assert second.password != first.password
    assert remembered(second) == set()


def test_wiping_or_stopping_where_nothing_ever_ran_does_nothing(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "none")
    server.wipe(settings)
    assert not server.stop(settings)
    assert not server.status(settings).running
    assert server.log_tail(settings, 5) == []
    assert not (tmp_path / "none").exists()


def test_the_password_is_shown_on_demand_only(settings: Settings) -> None:
    endpoint = server.ensure_running(settings)
    shy = output(command(settings, "status"))
    assert endpoint.password not in shy[1] + shy[2]
    assert "--show-password" in shy[1]
    assert endpoint.password in output(command(settings, "status", "--show-password"))[1]
    assert "password" not in json.loads(output(command(settings, "status", "--json"))[1])


def test_a_jar_damaged_unseen_is_fetched_again_when_the_start_fails(
    tmp_path: Path, jars_folder: Path
) -> None:
    kept = jars_folder / f"neo4j-{NEO4J_VERSION}"
    own = tmp_path / "data" / "jars" / kept.name
    shutil.copytree(kept, own, copy_function=os.link)
    harmed = own / f"neo4j-kernel-{NEO4J_VERSION}.jar"
    harmed.unlink()
    harmed.write_bytes(b"\0" * (kept / harmed.name).stat().st_size)
    place = tmp_path / "maven/org/neo4j/neo4j-kernel" / NEO4J_VERSION
    place.mkdir(parents=True)
    shutil.copy(kept / harmed.name, place)

    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "maven"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as repository:
        thread = threading.Thread(target=repository.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings = load_settings(
            data_dir=tmp_path / "data", maven_repository=f"http://127.0.0.1:{repository.server_port}"
        )
        try:
            assert remembered(server.ensure_running(settings)) == set()
        finally:
            server.stop(settings)
            repository.shutdown()
            thread.join()
    assert harmed.read_bytes() == (kept / harmed.name).read_bytes()


def test_a_data_folder_that_cannot_be_written_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = load_settings(data_dir=tmp_path / "file" / "data")
    with pytest.raises(ServerError, match=r"cannot write to the data folder .*--data-dir"):
        server.ensure_running(settings)
    code, _, err = output(command(settings, "start"))
    assert code == 3
    assert err.startswith("deeppersona: cannot write to the data folder")
    assert err.count("\n") == 1


@pytest.mark.parametrize("heap", ["lots", "64m", "-1g"])
def test_a_heap_that_is_no_size_is_refused_before_anything_starts(tmp_path: Path, heap: str) -> None:
    settings = load_settings(data_dir=tmp_path / "data", server_heap=heap)
    with pytest.raises(InputError, match="server_heap"):
        server.ensure_running(settings)
    assert not (tmp_path / "data").exists()
