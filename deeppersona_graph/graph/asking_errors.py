"""What a server says against a query that somebody typed, in one line of ours."""

from __future__ import annotations

import re

from neo4j.exceptions import AuthError, ConstraintError, Neo4jError, ServiceUnavailable, SessionExpired

from deeppersona_graph.errors import (
    DeepPersonaError,
    InputError,
    InterruptedRunError,
    ServerError,
    shorten,
)

_PLACE = re.compile(r"\(line (\d+), column (\d+)[^)]*\)*")


def in_our_words(error: Exception, uri: str, seconds: float, write: bool) -> DeepPersonaError:
    """The error to raise for one of the driver's."""
    unchanged = "; nothing was changed" if write else ""
    code = (error.code or "") if isinstance(error, Neo4jError) else ""
    said = _placed((error.message or "") if isinstance(error, Neo4jError) else str(error))
    if isinstance(error, AuthError):
        return ServerError(f"the server at {uri} refused the user name or password")
    if isinstance(error, (ServiceUnavailable, SessionExpired)):
        return InterruptedRunError(
            f"the server at {uri} went away during the query"
            + ("; look whether the write is there before you repeat it" if write else "; ask again")
        )
    if "TransactionTimedOut" in code or ".Transaction.Terminated" in code or "LockClientStopped" in code:
        return DeepPersonaError(
            f"the query ran into its limit of {seconds:g} s and was stopped{unchanged}; ask for less, "
            "or give it more seconds"
        )
    if "OutOfMemory" in code:
        return DeepPersonaError(
            f"the query needs more memory than the server gives to one transaction{unchanged}; collect less, "
            "or return rows instead of lists"
        )
    if "AccessMode" in code:
        return InputError(
            "the query writes, so it was refused and nothing was changed; give --write to let it"
        )
    if isinstance(error, ConstraintError):
        return InputError(f"the write breaks a rule of the graph, so nothing was changed: {said}")
    if ".Procedure." in code or ".Statement." in code or not code:
        return InputError(f"the query cannot be run{unchanged}: {said}")
    return DeepPersonaError(f"the server gave up on the query{unchanged}: {said}")


def _placed(said: str) -> str:
    """The message, after the place in the text as it was typed: what we put before it takes a line of its
    own, and what a message of syntax repeats of the text is left away."""
    found = _PLACE.search(said)
    if found is None:
        return shorten(said, 300)
    if found[2] == "0":
        return shorten(said[: found.start()])
    told = shorten(said[: found.start()], 240)
    return f"line {max(int(found[1]) - 1, 1)}, column {found[2]}: {told}"
