"""What the private server keeps in the data folder: its place, its record, its configuration, its password.

data_dir/
├── server.json     who runs, where, and the password; readable by its owner alone
├── server.lock     held by the command that starts, stops or wipes
├── server/         home of Neo4j: conf, data, logs
└── jars/           see `jars`
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deeppersona_graph.errors import InputError, ServerError
from deeppersona_graph.files import written_whole
from deeppersona_graph.settings import Settings

Announce = Callable[[str], None]
"""Takes one line that tells the user what goes on."""

_LOCK_LIMIT = 300.0
_HASH_ROUNDS = 1024


class ServerRecord(BaseModel):
    """The private server as one command leaves it to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = "neo4j"
    password: str = Field(repr=False)
    port: int | None = None
    """The port last used; it is tried first, so that the address stays."""
    token: str | None = None
    """Random mark on the command line of the process, by which it is known whatever its number."""
    pid: int | None = None
    ready: bool = False


@dataclass(frozen=True)
class ServerFolder:
    """Where things are in one data folder."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "server"

    @property
    def conf(self) -> Path:
        return self.home / "conf"

    @property
    def console(self) -> Path:
        """What the process writes: Neo4j's own log and the warnings of the JVM."""
        return self.home / "logs" / "console.log"

    @property
    def record_file(self) -> Path:
        return self.root / "server.json"

    def read(self) -> ServerRecord | None:
        """The record, or None where no server was ever started.

        Raises `ServerError` if it cannot be read.
        """
        try:
            return ServerRecord.model_validate_json(self.record_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is damaged"
            raise ServerError(
                f"cannot read {self.record_file}: {reason}; put it right, "
                "or give the store up with `deeppersona server wipe`"
            ) from error

    def write(self, record: ServerRecord) -> ServerRecord:
        """Keep `record`, whole or not at all."""
        with writing(self.root):
            write_private(self.record_file, record.model_dump_json(indent=2) + "\n")
        return record

    @contextmanager
    def locked(self, announce: Announce) -> Iterator[None]:
        """Hold this data folder's server against other commands."""
        with held(self.root / "server.lock", announce, "starts or stops the private server", _LOCK_LIMIT):
            yield


def store_size(folder: ServerFolder) -> int:
    """Bytes that the databases and their logs of changes take."""
    total = 0
    for path in (folder.home / "data").rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:
            continue  # Neo4j deletes files while we count.
    return total


def server_folder(settings: Settings) -> ServerFolder:
    """The places in the data folder of `settings`, with links resolved."""
    return ServerFolder(settings.data_dir.resolve())


def first_record(folder: ServerFolder) -> ServerRecord:
    """A record with a new random password, for a store that is still to be made.

    Raises `ServerError` if there is a store already: its password went with its record.
    """
    if _has_users(folder):
        raise ServerError(
            f"{folder.record_file} is missing, and with it the password of the store in {folder.home}; "
            "put it back, or give the store up with `deeppersona server wipe`"
        )
    return ServerRecord(password=secrets.token_urlsafe(24))


def write_configuration(folder: ServerFolder, record: ServerRecord, port: int, heap: str) -> None:
    """Write what Neo4j reads when it starts: `neo4j.conf` and, before there are users, the first password.

    The home folder is the only place named, on the command line, so that a data folder may be moved and
    hold any character.
    """
    limit = heap_bytes(heap) >> 20
    entries = {
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.memory.pagecache.size": "64m",
        "db.tx_log.rotation.size": "16m",
        "db.tx_log.preallocate": "false",
        "db.memory.transaction.max": f"{limit * 7 // 10}m",
        "dbms.memory.transaction.total.max": f"{limit * 8 // 10}m",
        "db.transaction.timeout": "10m",
        # Twice 5 s of waiting at the end, long after the databases are closed.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "dbms.usage_report.enabled": "false",
    }
    with writing(folder.root):
        folder.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in (folder.conf, folder.console.parent):
            place.mkdir(exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in entries.items()]
        (folder.conf / "neo4j.conf").write_text("".join(lines), encoding="utf-8")
        if not _has_users(folder):
            first = folder.home / "data" / "dbms" / "auth.ini"
            first.parent.mkdir(parents=True, exist_ok=True)
            write_private(first, _credential(record.username, record.password) + "\n")


def heap_bytes(heap: str) -> int:
    """`heap` as the JVM writes it (`1g`, `768m`), in bytes.

    Raises `InputError` for anything else, and below the 128 MB in which Neo4j does not start.
    """
    match = re.fullmatch(r"(\d+)([kmgt]?)", heap.strip().lower())
    size = int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match[2]] if match else 0
    if size < 128 << 20:
        raise InputError(f"setting 'server_heap' is {heap!r}: expected a size of at least 128m, such as 1g")
    return size


def write_private(path: Path, text: str) -> None:
    """Put `text` into `path` in one step, readable by its owner alone."""
    with written_whole(path, private=True) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a failure to write under `folder` into a `ServerError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise ServerError(
            f"cannot write to the data folder {folder}: {error.strerror or error}; "
            "choose another with --data-dir or DEEPPERSONA_DATA_DIR"
        ) from error


@contextmanager
def held(path: Path, announce: Announce, purpose: str, limit: float) -> Iterator[None]:
    """Hold the lock `path`; the system lets go of it when a process dies. `limit` in seconds, -1 for none.

    Raises `ServerError` if another process holds it for longer.
    """
    lock = FileLock(path)
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0.3, poll_interval=0.05)
        except Timeout:
            announce(f"waiting for another command that {purpose}")
            try:
                lock.acquire(timeout=limit, poll_interval=0.05)
            except Timeout as error:
                raise ServerError(
                    f"another command {purpose} and has held {path} for {limit:.0f} s; end it and try again"
                ) from error
    try:
        yield
    finally:
        lock.release()


def _has_users(folder: ServerFolder) -> bool:
    return (folder.home / "data" / "databases" / "system" / "neostore").exists()


def _credential(username: str, password: str) -> str:
    """One line of Neo4j's `auth.ini`, as `neo4j-admin dbms set-initial-password` writes it.

    The tool would take a second JVM, and show the password to whoever lists the processes.
    Salted SHA-256, 1024 rounds (`org.neo4j.server.security.SecureHasher`).
    """
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(_HASH_ROUNDS - 1):
        digest = hashlib.sha256(digest).digest()
    return f"{username}:SHA-256,{digest.hex()},{salt.hex()},{_HASH_ROUNDS}:"
