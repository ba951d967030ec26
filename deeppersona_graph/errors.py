"""Every error the package raises on purpose, in one tree.

    DeepPersonaError            1  the work failed
    ├── InputError              2  wrong usage or input
    │   ├── UnknownNameError       no attribute, country, city, population … of that name
    │   ├── AnchorError            an anchor outside its value space, or anchors that contradict each other
    │   ├── DepthError             more attributes asked for than apply to the person
    │   ├── TreeFileError          a tree file that cannot be read
    │   ├── TaxonomyShapeError     what is in the graph is no tree
    │   ├── PriceFileError         a table of prices that cannot be read
    │   └── ResponseFileError      a file of recorded or batch answers that cannot be read
    ├── PrerequisiteError       3  something that must be there first is missing
    │   ├── ServerError            no server, a refused password, a server too old
    │   ├── EmbeddingError         no model, or vectors of another model
    │   ├── ModelAccessError       no key, a refused key, a model the endpoint does not have
    │   └── AnswerStoreError       the file of paid answers cannot be opened, read or written
    ├── ModelError              1  the language model gave nothing to go on with
    │   ├── ModelAnswerError       an answer of no use, and its repair too: cut off, no JSON, wrong schema
    │   │   └── ModelRefusedError     the model or its filter declined
    │   ├── ModelUnavailableError  the endpoint does not answer, or not this request
    │   ├── MissingAnswerError     replay was asked for an answer that was never recorded
    │   └── BudgetError            the next request could exceed the budget
    ├── ConflictError           1  somebody else wrote the same thing first
    └── InterruptedRunError     1  the server went away in the middle of a run

The number is the exit code the command line gives. A message is one line: what was found, what was
expected, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable


class DeepPersonaError(Exception):
    """Base of all errors raised by the package. `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(DeepPersonaError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class UnknownNameError(InputError):
    """A name that stands for nothing; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, nearest: Iterable[str] = (), *, hint: str = "") -> None:
        close = list(nearest)
        message = f"no {kind} is called {shorten(name)!r}"
        if close:
            message += "; nearest: " + ", ".join(repr(one) for one in close)
        if hint:
            message += f"; {hint}"
        super().__init__(message)


class AnchorError(InputError):
    """An anchor that cannot hold: outside the value space, or against another anchor."""


class DepthError(InputError):
    """More attributes were asked for than apply."""


class TreeFileError(InputError):
    """A tree file that is not what it should be; the message names file and line."""


class TaxonomyShapeError(InputError):
    """The attributes in the graph do not form a tree; the message names the nodes."""


class PriceFileError(InputError):
    """A table of prices that is not what it should be; the message names the file and the entry."""


class ResponseFileError(InputError):
    """A file of answers that cannot be read; the message names file and line."""


class PrerequisiteError(DeepPersonaError):
    """Something has to be provided first; the message names the command that does it."""

    exit_code = 3


class ServerError(PrerequisiteError):
    """The database cannot be reached, started or used."""


class EmbeddingError(PrerequisiteError):
    """The embedding model is missing or is not the one the stored vectors came from."""


class ConflictError(DeepPersonaError):
    """Two writers met; nothing of the later one was written."""


class ModelAccessError(PrerequisiteError):
    """The endpoint cannot be used as configured: no key, a refused key, an unknown model, a spent account."""


class AnswerStoreError(PrerequisiteError):
    """The store of answers cannot be used; it holds what was paid for, so nothing is begun anew."""


class ModelError(DeepPersonaError):
    """A request to a language model came to nothing."""


class ModelAnswerError(ModelError):
    """The answers to one question were of no use; `keys` are those requests, for setting them aside."""

    def __init__(self, message: str, keys: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.keys = tuple(keys)


class ModelRefusedError(ModelAnswerError):
    """The model, or a filter before it, declined to answer."""


class ModelUnavailableError(ModelError):
    """The endpoint did not answer, however often it was asked, or will never answer this request."""


class MissingAnswerError(ModelError):
    """Nothing is recorded for a request; the message names its prompt and key."""


class BudgetError(ModelError):
    """The budget does not cover the next request; what was finished is kept."""


class InterruptedRunError(DeepPersonaError):
    """The run stopped half-way; what was finished is kept."""


def shorten(text: str, limit: int = 80) -> str:
    """`text` cut to `limit` characters, so that a message stays one line whatever it quotes."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
