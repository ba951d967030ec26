"""The jars of Neo4j arrive whole or not at all, from a small Maven repository that the tests serve."""

from __future__ import annotations

import hashlib
import socket
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deeppersona_graph.errors import ServerError
from deeppersona_graph.graph.jars import LISTING, NEO4J_VERSION, damaged_jars, ensure_jars
from deeppersona_graph.settings import Settings, load_settings

JARS = {f"neo4j-{NEO4J_VERSION}.jar", "kernel-1.0.jar", "lucene-2.0.jar"}


class Repository:
    """A Maven repository in a folder, served on loopback; it remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.cut: set[str] = set()
        asked, cut = self.asked, self.cut

        class Handler(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                asked.append(name)
                if name in cut:
                    content = Path(self.translate_path(self.path)).read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content[: len(content) // 2])
                    self.close_connection = True
                else:
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def publish(
        self, group: str, artifact: str, version: str, needs: tuple[tuple[str, str, str], ...] = ()
    ) -> None:
        place = self.folder.joinpath(*group.split("."), artifact, version)
        place.mkdir(parents=True)
        dependencies = "".join(
            f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version></dependency>"
            for g, a, v in needs
        )
        pom = (
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            f"<dependencies>{dependencies}</dependencies></project>"
        )
        (place / f"{artifact}-{version}.pom").write_text(pom)
        with zipfile.ZipFile(place / f"{artifact}-{version}.jar", "w") as jar:
            jar.writestr("content.txt", f"{artifact} " * 200)
        for file in list(place.iterdir()):
            told = hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
            file.with_name(file.name + ".sha1").write_text(told)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    served = Repository(tmp_path / "maven")
    needs = (("org.kernel", "kernel", "1.0"), ("org.lucene", "lucene", "2.0"))
    served.publish("org.neo4j", "neo4j", NEO4J_VERSION, needs)
    served.publish("org.kernel", "kernel", "1.0")
    served.publish("org.lucene", "lucene", "2.0")
    yield served
    served.close()


@pytest.fixture
def settings(tmp_path: Path, repository: Repository) -> Settings:
    return load_settings(data_dir=tmp_path / "data", maven_repository=repository.address + "/")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def traces(root: Path) -> set[Path]:
    """Files under `root`, locks aside."""
    return {path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_all_jars_arrive_in_the_data_folder_and_nowhere_else(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = ensure_jars(settings)
    assert names(folder) == {*JARS, LISTING}
    assert damaged_jars(folder, thorough=True) == []
    assert traces(settings.data_dir) == set(folder.iterdir())
    assert not (tmp_path / "home").exists()


def test_the_fetch_is_announced_and_a_second_call_asks_for_nothing(
    settings: Settings, repository: Repository
) -> None:
    lines: list[str] = []
    ensure_jars(settings, lines.append)
    assert f"fetching Neo4j {NEO4J_VERSION} from {repository.address}" in lines[0]
    repository.asked.clear()
    lines.clear()
    ensure_jars(settings, lines.append)
    assert (repository.asked, lines) == ([], [])


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_only_the_damaged_jar_is_fetched_again(settings: Settings, repository: Repository, harm: str) -> None:
    jar = ensure_jars(settings) / "kernel-1.0.jar"
    whole = jar.read_bytes()
    jar.unlink() if harm == "gone" else jar.write_bytes(whole[:20])
    repository.asked.clear()
    ensure_jars(settings)
    assert jar.read_bytes() == whole
    assert set(repository.asked) == {"kernel-1.0.jar", "kernel-1.0.jar.sha1"}


def test_a_jar_changed_at_equal_size_is_found_by_the_thorough_check(settings: Settings) -> None:
    folder = ensure_jars(settings)
    jar = folder / "lucene-2.0.jar"
    whole = jar.read_bytes()
    jar.write_bytes(b"\0" * len(whole))
    assert damaged_jars(folder) == []
    ensure_jars(settings, thorough=True)
    assert jar.read_bytes() == whole


def test_a_download_that_breaks_off_leaves_no_cut_jar_and_the_next_attempt_goes_on(
    settings: Settings, repository: Repository
) -> None:
    repository.cut.add("lucene-2.0.jar")
    with pytest.raises(ServerError, match="cannot fetch Neo4j"):
        ensure_jars(settings)
    assert not any(path.name == "lucene-2.0.jar" for path in traces(settings.data_dir))
    assert not any(path.name.endswith(".part") for path in traces(settings.data_dir))
    repository.cut.clear()
    repository.asked.clear()
    folder = ensure_jars(settings)
    assert names(folder) == {*JARS, LISTING}
    assert "kernel-1.0.pom" not in repository.asked
    assert traces(settings.data_dir) == set(folder.iterdir())


def test_a_set_without_its_listing_counts_as_half_downloaded(settings: Settings) -> None:
    folder = ensure_jars(settings)
    (folder / LISTING).write_text("{")
    (folder / "kernel-1.0.jar").write_bytes(b"half")
    assert damaged_jars(ensure_jars(settings), thorough=True) == []


def test_a_file_that_does_not_match_its_checksum_is_refused(
    settings: Settings, repository: Repository
) -> None:
    (repository.folder / "org/kernel/kernel/1.0/kernel-1.0.jar.sha1").write_text("0" * 40)
    with pytest.raises(ServerError, match=r"kernel-1\.0\.jar does not have the SHA-1"):
        ensure_jars(settings)


@pytest.mark.parametrize("page", ["<html><body>Please sign in</body></html>", "<br>Please sign in"])
def test_a_sign_in_page_is_not_taken_for_a_project(
    settings: Settings, repository: Repository, page: str
) -> None:
    place = repository.folder / "org/neo4j/neo4j" / NEO4J_VERSION
    (place / f"neo4j-{NEO4J_VERSION}.pom").write_text(page)
    (place / f"neo4j-{NEO4J_VERSION}.pom.sha1").unlink()
    with pytest.raises(ServerError, match="cannot fetch Neo4j"):
        ensure_jars(settings)
    assert traces(settings.data_dir) == set()


def test_an_unreachable_repository_gives_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://me:secret@127.0.0.1:{taken.getsockname()[1]}/maven"
        settings = load_settings(data_dir=tmp_path / "data", maven_repository=address)
        with pytest.raises(ServerError) as raised:
            ensure_jars(settings)
    message = str(raised.value)
    assert message.startswith(f"cannot fetch Neo4j {NEO4J_VERSION} from http://127.0.0.1:")
    assert "DEEPPERSONA_MAVEN_REPOSITORY" in message
    assert "secret" not in message
    assert "\n" not in message
    assert traces(settings.data_dir) == set()


def test_a_repository_without_neo4j_gives_one_clear_line(settings: Settings, repository: Repository) -> None:
    for file in (repository.folder / "org/neo4j/neo4j" / NEO4J_VERSION).iterdir():
        file.unlink()
    with pytest.raises(ServerError, match="404"):
        ensure_jars(settings)


def test_a_data_folder_that_cannot_be_written_gives_one_clear_line(
    tmp_path: Path, repository: Repository
) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = load_settings(data_dir=tmp_path / "file" / "data", maven_repository=repository.address)
    with pytest.raises(ServerError, match=r"cannot write to the data folder .*file/data.*--data-dir"):
        ensure_jars(settings)
    assert repository.asked == []
