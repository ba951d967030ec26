"""The connection to Neo4j: managed transactions, batches, and errors in the project's own words."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from neo4j import GraphDatabase, ManagedTransaction, NotificationMinimumSeverity, Session
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from deeppersona_graph.errors import (
    ConflictError,
    DeepPersonaError,
    InterruptedRunError,
    ServerError,
    shorten,
)
from deeppersona_graph.graph.statements import Statement, StatementError, statement

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # the driver's retries are no news to users

OLDEST_SERVER = (5, 26)
SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
RETRY_SECONDS = 8.0
"""How long the driver tries a transaction again after a passing fault."""

Row = Mapping[str, Any]
T = TypeVar("T")


class Transaction:
    """Runs statements by name inside one transaction: all of them hold, or none."""

    def __init__(self, inner: ManagedTransaction) -> None:
        self._inner = inner

    def run(self, name: str, /, **params: Any) -> list[Row]:
        """The rows of the statement `topic/file`; parameters must be those it declares."""
        found = statement(name)
        _check_parameters(found, params)
        result = self._inner.run(found.text, params)
        if tuple(result.keys()) != found.returns:
            raise StatementError(f"{name}: returns {result.keys()}, declares {list(found.returns)}")
        return [dict(record) for record in result]


class Graph:
    """One database of one server. Use as a context manager, or `close()` it."""

    def __init__(self, uri: str, username: str, password: str, database: str = "neo4j") -> None:
        """Connect and check the server's version.

        Raises `ServerError` where there is no server at `uri`, the password is refused, or the server
        is older than Neo4j 5.26.
        """
        self.uri, self.database = shorten(uri, 200), database
        self.access = uri, (username, password)
        """Address and credentials, for who needs a connection of another kind."""
        self._bookmarks = GraphDatabase.bookmark_manager()
        if uri.partition("://")[0] not in SCHEMES:
            raise _no_address(uri, f"expected one of the schemes {', '.join(SCHEMES)}")
        try:
            self._driver = GraphDatabase.driver(
                uri,
                auth=(username, password),
                max_transaction_retry_time=RETRY_SECONDS,
                connection_acquisition_timeout=20.0,
                connection_timeout=10.0,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
                user_agent="deeppersona-graph",
            )
        except (ConfigurationError, ValueError) as error:
            raise _no_address(uri, str(error)) from error
        try:
            with self._speaking("connecting"):
                self._driver.verify_connectivity()
                self.version = checked_version(self._driver.get_server_info().agent, uri)
        except DeepPersonaError:
            self._driver.close()
            raise
        except ValueError as error:
            self._driver.close()
            raise _no_address(uri, str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._driver.close()

    def read(self, name: str, /, **params: Any) -> list[Row]:
        """Rows of a read statement, in a read transaction."""
        found = statement(name)
        if found.access != "read":
            raise StatementError(f"{name} is a {found.access} statement")
        return self._managed("execute_read", lambda tx: tx.run(name, **params))

    def write(self, name: str, /, **params: Any) -> list[Row]:
        """Rows of one write statement, in a transaction of its own."""
        return self.transact(lambda tx: tx.run(name, **params))

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one write transaction; after a passing fault it runs again from the start."""
        return self._managed("execute_write", work)

    def moment(self) -> str:
        """What the database has come to: the same text as long as nothing at all is committed to it.

        It is the server's bookmark of an empty read transaction, which names the last one committed.
        """
        with self._speaking("running"), self._driver.session(database=self.database) as session:
            session.execute_read(lambda tx: tx.run(statement("record/nothing").text).consume())
            return "".join(session.last_bookmarks().raw_values)

    def run_schema(self, names: Iterable[str]) -> None:
        """Run schema statements, each in a transaction of its own, as the server demands."""
        for name in names:
            self.transact(_running(name))

    def _managed(self, how: str, work: Callable[[Transaction], T]) -> T:
        with self._speaking("running"), self._session() as session:
            managed: T = getattr(session, how)(lambda inner: work(Transaction(inner)))
            return managed

    def _session(self) -> Session:
        """A session that sees what earlier ones wrote, on a cluster too."""
        return self._driver.session(database=self.database, bookmark_manager=self._bookmarks)

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except AuthError as error:
            raise ServerError(
                f"the server at {self.uri} refused the user name or password; "
                "check NEO4J_USERNAME and NEO4J_PASSWORD"
            ) from error
        except (ServiceUnavailable, SessionExpired) as error:
            if doing == "connecting":
                raise ServerError(
                    f"no Neo4j server answers at {self.uri}; start it, or leave --uri and NEO4J_URI away "
                    "to use the private server"
                ) from error
            raise InterruptedRunError(
                f"the server at {self.uri} went away; what was finished is kept, run the same command again"
            ) from error
        except TransientError as error:
            raise DeepPersonaError(
                f"the server gave up on a statement: {shorten(error.message or str(error), 200)}"
            ) from error
        except ConstraintError as error:
            raise ConflictError(
                "somebody else wrote the same at the same time "
                f"({shorten(error.message or str(error), 120)}); run the same command again"
            ) from error
        except ClientError as error:
            if error.code and "DatabaseNotFound" in error.code:
                raise ServerError(
                    f"the server at {self.uri} has no database {self.database!r}; check NEO4J_DATABASE"
                ) from error
            raise _refused(error) from error
        except (Neo4jError, DriverError) as error:
            if doing != "connecting":
                raise _refused(error) from error
            raise ServerError(f"cannot use the server at {self.uri}: {shorten(str(error), 200)}") from error


def _running(name: str) -> Callable[[Transaction], list[Row]]:
    return lambda tx: tx.run(name)


def checked_version(agent: str, uri: str) -> str:
    """The version in a server's agent string ("Neo4j/5.26.30"); `ServerError` where it is too old."""
    version = agent.partition("/")[2]
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_SERVER:
        raise ServerError(
            f"the server at {uri} is {agent}; Neo4j 5.26 or later is needed; "
            "upgrade it, or leave --uri and NEO4J_URI away to use the private server"
        )
    return version


def _refused(error: Neo4jError | DriverError) -> DeepPersonaError:
    return DeepPersonaError(f"the server refused a statement: {shorten(str(error), 300)}")


def _no_address(uri: str, reason: str) -> ServerError:
    return ServerError(
        f"{shorten(uri)!r} is no address of a Neo4j server ({shorten(reason)}); "
        "write it like bolt://localhost:7687"
    )


def _check_parameters(found: Statement, params: Mapping[str, Any]) -> None:
    if params.keys() != found.params:
        raise StatementError(f"{found.name}: takes {sorted(found.params)}, was given {sorted(params)}")
