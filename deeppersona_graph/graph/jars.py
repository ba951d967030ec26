"""Fetches Neo4j 5.26 Community from a Maven repository into the data folder, with jgo.

A file arrives in a staging folder under another name and is moved when it is whole and of its kind; the
set is moved to its place when all are there, with a list of names, sizes and SHA-256 that vouches for it.
An interrupted fetch goes on where it stopped; a set with a missing or cut jar is mended.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict, ValidationError

from deeppersona_graph.errors import ServerError, shorten
from deeppersona_graph.graph.server_files import Announce, held, server_folder, write_private, writing
from deeppersona_graph.settings import Settings

if TYPE_CHECKING:
    import requests
    from jgo.maven import Artifact, MavenContext

NEO4J_VERSION = "5.26.30"
COORDINATE = f"org.neo4j:neo4j:{NEO4J_VERSION}"
LISTING = "complete.json"

_THREADS = 6
_ANSWER_LIMIT = 30
_DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
}
_log = logging.getLogger(__name__)


class Jar(BaseModel):
    """One jar of the set: its file, and its Maven coordinate to fetch it by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    size: int
    sha256: str
    group: str
    artifact: str
    version: str
    classifier: str


class JarListing(BaseModel):
    """What a complete set consists of; written last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jars: list[Jar]


def ensure_jars(settings: Settings, announce: Announce = _log.info, *, thorough: bool = False) -> Path:
    """The folder with all jars of Neo4j, fetched or mended where needed.

    Sizes are compared each time; `thorough` also compares the SHA-256 of each jar (under a second).
    Raises `ServerError` if the repository cannot be reached or the folder cannot be written.
    """
    root = server_folder(settings).root
    folder = root / "jars" / f"neo4j-{NEO4J_VERSION}"
    if damaged_jars(folder, thorough=thorough) == []:
        return folder
    with held(root / "jars.lock", announce, "fetches Neo4j", -1):
        damaged = damaged_jars(folder, thorough=thorough)
        if damaged != []:
            _fetch(folder, damaged, settings.maven_repository, announce)
    return folder


def damaged_jars(folder: Path, *, thorough: bool = False) -> list[Jar] | None:
    """The jars that are missing or not as listed; None without a listing: then all are."""
    listing = _read_listing(folder)
    if listing is None:
        return None
    return [jar for jar in listing.jars if not _is_sound(folder / jar.name, jar, thorough)]


def _is_sound(path: Path, jar: Jar, thorough: bool) -> bool:
    try:
        return path.stat().st_size == jar.size and (not thorough or _sha256(path) == jar.sha256)
    except OSError:
        return False


def _read_listing(folder: Path) -> JarListing | None:
    try:
        return JarListing.model_validate_json((folder / LISTING).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def _fetch(folder: Path, damaged: list[Jar] | None, repository: str | None, announce: Announce) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL

    address = (repository or MAVEN_CENTRAL_URL).rstrip("/")
    shown = _without_password(address)
    staging = folder.with_name(folder.name + ".partial")
    with writing(folder.parent.parent):
        staging.mkdir(parents=True, exist_ok=True)
    if damaged is None:
        announce(f"fetching Neo4j {NEO4J_VERSION} from {shown}, once (about 140 MB)")
    else:
        announce(f"fetching {len(damaged)} damaged or missing jars of Neo4j {NEO4J_VERSION} from {shown}")
    try:
        with _session() as session:
            context = _maven(address, staging, session)
            artifacts = _resolve(context) if damaged is None else [_artifact(context, jar) for jar in damaged]
            fetched = dict(zip(artifacts, _download(artifacts, announce), strict=True))
    except (OSError, RuntimeError, ValueError, ElementTree.ParseError) as error:
        _drop_empty(staging)
        _explain(error, address, shown, folder)
    with writing(folder.parent.parent):
        _put_in_place(folder, staging, fetched)
    announce(f"Neo4j {NEO4J_VERSION} is in {folder}")


def _explain(error: Exception, address: str, shown: str, folder: Path) -> None:
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        with writing(folder.parent.parent):
            raise error
    reason = shorten(str(error).replace(address, shown), 200)
    raise ServerError(
        f"cannot fetch Neo4j {NEO4J_VERSION} from {shown}: {reason}; connect to the network and try again, "
        "or name a mirror of Maven Central with DEEPPERSONA_MAVEN_REPOSITORY"
    ) from error


def _session() -> requests.Session:
    """Connections that are kept, and asked again where the repository was only busy."""
    import requests
    from urllib3.util import Retry

    busy = (429, 502, 503, 504)
    retry = Retry(4, connect=1, backoff_factor=0.5, status_forcelist=busy, raise_on_status=False)
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=_THREADS, max_retries=retry))
    return session


def _maven(address: str, staging: Path, session: requests.Session) -> MavenContext:
    """jgo's view of the repository; nothing is read from or written to `~/.m2`.

    jgo's own download opens a connection a file, writes in place and only warns of a wrong checksum.
    """
    from jgo.maven import MavenContext, PythonResolver

    class WholeFiles(PythonResolver):
        """Lets a file into the cache only when it has arrived whole and is what its name says."""

        def download(self, artifact: Artifact) -> Path | None:
            place = artifact.cached_path
            assert place is not None
            place.parent.mkdir(parents=True, exist_ok=True)
            url = f"{address}/{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
            arriving = place.with_name(place.name + ".part")
            digest = hashlib.sha1(usedforsecurity=False)
            with session.get(url, stream=True, timeout=_ANSWER_LIMIT) as answer, arriving.open("wb") as file:
                answer.raise_for_status()
                for piece in answer.iter_content(1 << 16):
                    file.write(piece)
                    digest.update(piece)
            told = session.get(f"{url}.sha1", timeout=_ANSWER_LIMIT)
            if told.ok and told.text.split()[:1] != [digest.hexdigest()]:
                raise ValueError(f"{artifact.filename} does not have the SHA-1 that the repository tells")
            _check_kind(arriving, artifact.packaging)
            return arriving.replace(place)

    return MavenContext(
        resolver=WholeFiles(),
        repo_cache=staging / "repository",
        local_repos=[],
        remote_repos={"repository": address},
    )


def _check_kind(path: Path, packaging: str) -> None:
    """A proxy's login page answers with success too."""
    if packaging == "pom":
        root = ElementTree.parse(path).getroot()
        if not root.tag.endswith("project"):
            raise ValueError(f"{path.stem} is no Maven project but {shorten(root.tag)!r}")
    elif not zipfile.is_zipfile(path):
        raise ValueError(f"{path.stem} is no jar")


def _resolve(context: MavenContext) -> list[Artifact]:
    asked, further = context.resolver.resolve([context.create_dependency(COORDINATE)])
    return [dependency.artifact for dependency in [*asked, *further]]


def _artifact(context: MavenContext, jar: Jar) -> Artifact:
    return context.project(jar.group, jar.artifact).at_version(jar.version).artifact(jar.classifier)


def _download(artifacts: list[Artifact], announce: Announce) -> list[Path]:
    paths: list[Path] = []
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for path in pool.map(lambda artifact: artifact.resolve(), artifacts):
            paths.append(path)
            if len(paths) % 50 == 0:
                announce(f"{len(paths)} of {len(artifacts)} jars of Neo4j are there")
    finally:
        pool.shutdown(cancel_futures=True)
    return paths


def _put_in_place(folder: Path, staging: Path, fetched: dict[Artifact, Path]) -> None:
    """Move what was fetched to its place; a set that was incomplete before appears in one step."""
    listing = _read_listing(folder)
    place = folder if listing else staging / "complete"
    place.mkdir(exist_ok=True)
    jars = {jar.name: jar for jar in (listing.jars if listing else [])}
    for artifact, path in fetched.items():
        jars[path.name] = Jar(
            name=path.name,
            size=path.stat().st_size,
            sha256=_sha256(path),
            group=artifact.groupId,
            artifact=artifact.artifactId,
            version=artifact.version,
            classifier=artifact.classifier,
        )
    for path in fetched.values():
        path.replace(place / path.name)
    complete = JarListing(jars=[jars[name] for name in sorted(jars)])
    write_private(place / LISTING, complete.model_dump_json(indent=1) + "\n")
    if place != folder:
        shutil.rmtree(folder, ignore_errors=True)
        place.rename(folder)
    shutil.rmtree(staging, ignore_errors=True)


def _drop_empty(staging: Path) -> None:
    """Leave no trace of a fetch that brought nothing; whole files stay for the next attempt."""
    for cut in staging.rglob("*.part"):
        cut.unlink()
    if not any(path.is_file() for path in staging.rglob("*")):
        shutil.rmtree(staging, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_password(address: str) -> str:
    host = urlsplit(address).netloc.rpartition("@")[2]
    return urlsplit(address)._replace(netloc=host).geturl()
