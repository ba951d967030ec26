"""The private server: Neo4j Community on loopback, one a data folder, started when needed, left running.

Commands agree through a lock and a record in the data folder; what survives of an earlier server (a stale
record, a start that was interrupted, a folder that was moved) is put in order by the next start.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deeppersona_graph.errors import ServerError
from deeppersona_graph.graph.jars import NEO4J_VERSION, damaged_jars, ensure_jars
from deeppersona_graph.graph.java import Java, find_java
from deeppersona_graph.graph.server_files import (
    Announce,
    ServerFolder,
    ServerRecord,
    first_record,
    heap_bytes,
    server_folder,
    store_size,
    write_configuration,
    writing,
)
from deeppersona_graph.graph.server_process import (
    EarlyEndError,
    bolt_address,
    choose_port,
    end,
    find_process,
    has_token,
    home_of,
    is_alive,
    is_free,
    launch,
    processes_of,
    wait_until_ready,
)
from deeppersona_graph.settings import Settings

START_LIMIT = 120.0
_ATTEMPTS = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers, and who may ask it."""

    uri: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ServerStatus:
    """The private server as it stands; `store_size` in bytes, `uptime` in seconds."""

    running: bool
    pid: int | None
    uri: str | None
    username: str | None
    version: str
    home: Path
    store_size: int
    uptime: float | None


def ensure_running(
    settings: Settings, announce: Announce = _log.info, *, start_limit: float = START_LIMIT
) -> Endpoint:
    """The address and password of the private server, which is started if it does not run.

    Fetches Neo4j the first time. `start_limit` is in seconds. Raises `ServerError` if there is no Java, no
    network for the first time, no place to write, or the server does not come up.
    """
    folder = server_folder(settings)
    record = folder.read()
    if record and record.ready and _serving(folder, record):
        return _endpoint(record)
    heap_bytes(settings.server_heap)
    java = find_java(settings)
    jars = ensure_jars(settings, announce)
    with folder.locked(announce):
        record = folder.read() or first_record(folder)
        survivor = _settle(folder, record, announce)
        if survivor is None:
            record = _start(settings, folder, record, java, jars, announce, start_limit)
        elif not record.ready:
            wait_until_ready(survivor, record, folder, start_limit)
            record = folder.write(record.model_copy(update={"pid": survivor.pid, "ready": True}))
        return _endpoint(record)


def stop(settings: Settings, announce: Announce = _log.info) -> bool:
    """End the private server; whether one ran. The store and its password stay."""
    folder = server_folder(settings)
    if not folder.root.is_dir():
        return False
    with folder.locked(announce):
        return _end_all(folder, _readable(folder))


def status(settings: Settings) -> ServerStatus:
    """What can be told of the private server without starting it."""
    folder = server_folder(settings)
    record = folder.read()
    process = _serving(folder, record) if record else None
    return ServerStatus(
        running=process is not None,
        pid=process.pid if process else None,
        uri=bolt_address(record.port) if record and record.port else None,
        username=record.username if record else None,
        version=NEO4J_VERSION,
        home=folder.home,
        store_size=store_size(folder),
        uptime=max(0.0, time.time() - process.create_time()) if process else None,
    )


def known_endpoint(settings: Settings) -> Endpoint | None:
    """The address and password last given out, whether or not it runs; None before the first start."""
    record = server_folder(settings).read()
    return _endpoint(record) if record and record.port else None


def log_tail(settings: Settings, lines: int = 50) -> list[str]:
    """The last `lines` lines that the server wrote since its latest start."""
    try:
        with server_folder(settings).console.open(encoding="utf-8", errors="replace") as console:
            return [line.rstrip("\n") for line in deque(console, maxlen=max(lines, 0))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def wipe(settings: Settings, announce: Announce = _log.info, *, jars: bool = False) -> None:
    """End the private server and delete its store and password; with `jars` Neo4j itself, too."""
    folder = server_folder(settings)
    if not folder.root.is_dir():
        return
    with folder.locked(announce):
        _end_all(folder, _readable(folder))
        with writing(folder.root):
            # The record goes last: without it a store that could not be deleted would be lost, not wiped.
            _delete(folder.home)
            folder.record_file.unlink(missing_ok=True)
            if jars:
                _delete(folder.root / "jars")


def _start(
    settings: Settings,
    folder: ServerFolder,
    record: ServerRecord,
    java: Java,
    jars: Path,
    announce: Announce,
    limit: float,
) -> ServerRecord:
    """Launch until it answers: again on another port if its own was taken, or with jars mended."""
    began = time.monotonic()
    announce(f"starting the private Neo4j server (Java {java.version})")
    attempts = 0
    while True:
        attempts += 1
        port = choose_port(record.port)
        write_configuration(folder, record, port, settings.server_heap)
        planned = {"port": port, "token": secrets.token_hex(8), "pid": None, "ready": False}
        record = folder.write(record.model_copy(update=planned))
        process = launch(java, jars, folder, record, settings.server_heap)
        record = folder.write(record.model_copy(update={"pid": process.pid}))
        try:
            wait_until_ready(process, record, folder, limit)
        except EarlyEndError:
            if attempts < _ATTEMPTS and (not is_free(port) or _mended(settings, jars, announce)):
                continue
            raise
        record = folder.write(record.model_copy(update={"ready": True}))
        took = time.monotonic() - began
        announce(f"it runs at {bolt_address(port)} after {took:.1f} s; `deeppersona server stop` ends it")
        return record


def _mended(settings: Settings, jars: Path, announce: Announce) -> bool:
    """Whether a jar was damaged, which is why Neo4j ended; it has been fetched again."""
    if damaged_jars(jars, thorough=True) == []:
        return False
    ensure_jars(settings, announce, thorough=True)
    return True


def _serving(folder: ServerFolder, record: ServerRecord) -> psutil.Process | None:
    """The recorded process, if it lives and serves this very folder."""
    process = find_process(record)
    if process is None or home_of(process) != folder.home or not is_alive(process):
        return None
    return process


def _settle(folder: ServerFolder, record: ServerRecord, announce: Announce) -> psutil.Process | None:
    """The server that already runs here, if any; what else an earlier start has left is ended."""
    _end_moved(folder, record, announce)
    survivor = None
    for process in processes_of(folder):
        if survivor is None and has_token(process, record.token) and is_alive(process):
            survivor = process
        else:
            end(process)
    return survivor


def _end_moved(folder: ServerFolder, record: ServerRecord | None, announce: Announce) -> bool:
    """End a server whose data folder was moved here under it; one whose folder was copied is left alone."""
    process = find_process(record)
    home = home_of(process) if process else None
    if process is None or home is None or home == folder.home:
        return False
    if ServerFolder(home.parent).record_file.exists():
        return False
    announce(f"the data folder was moved from {home}: ending the server that was started there")
    end(process)
    return True


def _end_all(folder: ServerFolder, record: ServerRecord | None) -> bool:
    running = [process for process in processes_of(folder) if is_alive(process)]
    for process in running:
        end(process)
    moved = _end_moved(folder, record, _log.info)
    if record:
        folder.write(record.model_copy(update={"pid": None, "token": None, "ready": False}))
    return bool(running) or moved


def _readable(folder: ServerFolder) -> ServerRecord | None:
    try:
        return folder.read()
    except ServerError:
        return None


def _endpoint(record: ServerRecord) -> Endpoint:
    return Endpoint(bolt_address(record.port or 0), record.username, record.password)


def _delete(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
