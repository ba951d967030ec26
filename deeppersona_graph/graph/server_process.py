"""The process of the private server: launched, recognised, awaited, ended.

A process is known by a random token on its command line, not by its number, which another process may
have by now, nor by its start time, which moves with the clock.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from deeppersona_graph.errors import ServerError, shorten
from deeppersona_graph.graph.java import Java
from deeppersona_graph.graph.server_files import ServerFolder, ServerRecord, heap_bytes, writing

_MAIN_CLASS = "org.neo4j.server.CommunityEntryPoint"
_TOKEN_FLAG = "-Ddeeppersona.token="
_HOME_FLAG = "--home-dir="
# Without java.nio the vector index stalls on Java 21.
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_INITIAL_HEAP = 256 << 20
# Below the range from which systems give ports to outgoing connections.
_FIRST_PORT = 17687
_PORTS = 200
_POLL = 0.05
_END_LIMIT = 30.0
_started: list[subprocess.Popen[bytes]] = []


class EarlyEndError(ServerError):
    """The process ended before it answered."""


def launch(java: Java, jars: Path, folder: ServerFolder, record: ServerRecord, heap: str) -> psutil.Process:
    """Start Neo4j on its own: it outlives this process and takes no interrupt from its terminal.

    The class path is the working directory, so that the data folder may hold any character.
    """
    with writing(folder.root), folder.console.open("wb") as console:
        process = subprocess.Popen(
            [
                str(java.executable),
                f"-Xms{min(_INITIAL_HEAP, heap_bytes(heap))}",
                f"-Xmx{heap_bytes(heap)}",
                "-XX:+UseParallelGC",
                *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
                "--enable-native-access=ALL-UNNAMED",
                "-Dlog4j2.disable.jmx=true",
                f"{_TOKEN_FLAG}{record.token}",
                "-cp",
                "*",
                _MAIN_CLASS,
                f"{_HOME_FLAG}{folder.home}",
                f"--config-dir={folder.conf}",
                "--console-mode",
            ],
            cwd=jars,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Kept for as long as this process lives: a forgotten Popen warns that its child still runs.
    _started.append(process)
    return psutil.Process(process.pid)


def find_process(record: ServerRecord | None) -> psutil.Process | None:
    """The living process that `record` tells of; None if it is gone or its number is another's now."""
    if record is None or record.pid is None or record.token is None:
        return None
    try:
        process = psutil.Process(record.pid)
    except psutil.Error:
        return None
    return process if f"{_TOKEN_FLAG}{record.token}" in _command_line(process) else None


def processes_of(folder: ServerFolder) -> Iterator[psutil.Process]:
    """Every server process on the home of `folder`, recorded or not."""
    for process in psutil.process_iter():
        line = _command_line(process)
        if _MAIN_CLASS in line and f"{_HOME_FLAG}{folder.home}" in line:
            yield process


def has_token(process: psutil.Process, token: str | None) -> bool:
    """Whether `process` was started under `token`."""
    return f"{_TOKEN_FLAG}{token}" in _command_line(process)


def home_of(process: psutil.Process) -> Path | None:
    """The home folder a server process was started with."""
    for part in _command_line(process):
        if part.startswith(_HOME_FLAG):
            return Path(part.removeprefix(_HOME_FLAG))
    return None


def is_alive(process: psutil.Process) -> bool:
    """Whether `process` still runs; one that only waits to be collected by its parent does not."""
    for child in _started:
        child.poll()
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end(process: psutil.Process) -> None:
    """Ask `process` to end; after 30 s kill it, which loses nothing that was acknowledged."""
    for ask in (process.terminate, process.kill):
        try:
            ask()
        except psutil.NoSuchProcess:
            return
        except psutil.AccessDenied as error:
            raise ServerError(f"process {process.pid} belongs to another user; it cannot be ended") from error
        deadline = time.monotonic() + _END_LIMIT
        while time.monotonic() < deadline:
            if not is_alive(process):
                return
            time.sleep(_POLL)
    raise ServerError(f"process {process.pid} does not end; end it by hand")


def wait_until_ready(
    process: psutil.Process, record: ServerRecord, folder: ServerFolder, limit: float
) -> None:
    """Wait until the server of `process` accepts the recorded password on its own port.

    Raises `EarlyEndError` as soon as the process ends, `ServerError` if it refuses the password or is not
    ready after `limit` seconds; it is ended then.
    """
    from neo4j.exceptions import AuthError, DriverError, Neo4jError

    deadline = time.monotonic() + limit
    refusal = "it does not listen yet"
    while time.monotonic() < deadline:
        if not is_alive(process):
            raise EarlyEndError(f"the private server ended while it started: {_cause(folder)}")
        if _listens(process, record.port):
            try:
                return _sign_in(record)
            except AuthError as error:
                end(process)
                raise ServerError(
                    f"the private server refuses the password in {folder.record_file}; put the right one "
                    "back, or give the store up with `deeppersona server wipe`"
                ) from error
            except (DriverError, Neo4jError) as error:
                refusal = shorten(str(error), 200)
        time.sleep(_POLL)
    end(process)
    raise ServerError(
        f"the private server was not ready after {limit:.0f} s and was stopped: {refusal}; "
        f"its last word: {_cause(folder)}"
    )


def choose_port(preferred: int | None) -> int:
    """`preferred` if it is free, else the first free one from 17687, else any."""
    wanted = [] if preferred is None else [preferred]
    usual = range(_FIRST_PORT, _FIRST_PORT + _PORTS)
    free: int | None = next(filter(is_free, (*wanted, *usual)), None)
    if free is not None:
        return free
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of this machine."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def bolt_address(port: int) -> str:
    """The address of the private server on `port`."""
    return f"bolt://127.0.0.1:{port}"


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.Error, OSError):
        return []


def _listens(process: psutil.Process, port: int | None) -> bool:
    # The password goes to our own process only, never to whoever else took the port.
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def _sign_in(record: ServerRecord) -> None:
    from neo4j import GraphDatabase

    address = bolt_address(record.port or 0)
    with GraphDatabase.driver(
        address, auth=(record.username, record.password), connection_timeout=5
    ) as driver:
        driver.verify_connectivity()


def _cause(folder: ServerFolder) -> str:
    """The line of the console that tells most: innermost cause, else last error, else last line."""
    try:
        lines = folder.console.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    told = [line for line in lines if line.strip()]
    for pattern in (r"Caused by: ", r".*\b(ERROR|Error)\b", r""):
        matching = [line for line in told if re.match(pattern, line)]
        if matching:
            return f"{shorten(matching[-1].removeprefix('Caused by: '), 300)} (see `deeppersona server logs`)"
    return "it wrote nothing"
