"""What goes wrong between a request and its answer, and the one predicate that decides what follows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Kind = Literal["rate limit", "server error", "timeout", "connection", "page", "rejected"]
"""`page`: an answer of status 200 that is no completion, such as a proxy's HTML. `rejected`: any 4xx."""

Verdict = Literal["retry", "adapt", "refused", "give up", "stop"]
"""`adapt`: ask in another form; `give up`: this request never; `stop`: no request of this run."""

_SECONDS = re.compile(r"-?\d{1,9}(\.\d*)?")
_TRANSIENT = {408, 409, 425, 429}
_CLOSED = {401, 402, 403, 404}
_TOO_LONG = re.compile(r"context.{0,10}(length|window|size)|too many tokens|maximum.{0,20}tokens", re.I)
_FILTERED = re.compile(r"content.?(filter|policy|management)|safety|moderation|flagged", re.I)
_SPENT = re.compile(r"insufficient.?(quota|balance|funds|credit)|billing.?(hard|not)", re.I)


class Fault(Exception):
    """A request that brought no completion. Texts of the endpoint in it are free of the key already."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        parameter: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.status = kind, message, status
        self.code, self.parameter, self.retry_after = code, parameter, retry_after

    def __str__(self) -> str:
        return f"{self.kind}{f' {self.status}' if self.status else ''}: {self.message}"


def kind_of(status: int) -> Kind:
    """The kind of fault that a status of 400 or more is."""
    if status == 429:
        return "rate limit"
    return "server error" if status >= 500 else "rejected"


def verdict(fault: Fault) -> Verdict:
    """What to do about a fault. `adapt` may prove impossible; the request is given up then."""
    said = f"{fault.code or ''} {fault.message}"
    if fault.kind in ("rate limit", "rejected") and _SPENT.search(said):
        return "stop"
    if fault.kind != "rejected" or fault.status in _TRANSIENT:
        return "retry" if fault.status != 501 else "give up"
    if fault.status in _CLOSED:
        return "refused" if fault.status == 403 and _FILTERED.search(said) else "stop"
    if _TOO_LONG.search(said):
        return "give up"
    if _FILTERED.search(said):
        return "refused"
    return "adapt" if fault.status in (400, 422) else "give up"


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, written as seconds or as an HTTP date; None: nothing."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return max(0.0, float(header))
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
