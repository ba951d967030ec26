"""Files that appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(target: Path, *, private: bool = False) -> Iterator[Path]:
    """A path beside `target` that takes its place when the block ends well, and is removed otherwise.

    No reader ever sees a part of it, not even after a power cut. A `private` file is readable by its owner
    alone (mode 0600), any other by whom the umask allows. Raises `OSError` where it cannot be written.
    """
    draft = draft_beside(target, private=private)
    try:
        yield draft
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def draft_beside(target: Path, *, private: bool = False) -> Path:
    """A new empty file in the folder of `target`; raises `OSError` where there can be none."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    # Open is what applies the umask; `tempfile` would leave 0600.
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
    return draft
