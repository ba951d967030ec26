"""Cypher that people write themselves: the plan first, then the rows, within limits that hold here too.

A server looks at its own time limit between rows, not within an expression: one list comprehension has run
42 s past a limit of 2 s, and nothing sent to the server breaks it off. So the client lets go by itself, and
says what the server still does. What arrives is counted in bytes, and rows stop at a number.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncResult, AsyncSession, NotificationMinimumSeverity
from neo4j.exceptions import DriverError, Neo4jError

from deeppersona_graph.errors import DeepPersonaError
from deeppersona_graph.graph.asking_errors import in_our_words
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.metered import MeteredLoop
from deeppersona_graph.graph.statements import statement
from deeppersona_graph.graph.values import plain

Mode = Literal["run", "explain", "profile"]

GRACE = 0.5
"""Seconds beyond a limit in which the server may still say itself that it stopped."""
STOPPING = 3.0
"""Seconds in which the server has to answer a demand to end a transaction."""
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take: rows kept, seconds, and millions of bytes received."""

    rows: int = 1000
    seconds: float = 10.0
    megabytes: float = 16.0


@dataclass(frozen=True, slots=True)
class Step:
    """One operator of a plan; rows and hits are counts where it was profiled, else None."""

    operator: str
    database: str
    details: str
    estimated: float | None
    rows: int | None
    hits: int | None
    below: tuple[Step, ...]

    def walk(self) -> Iterator[Step]:
        """This step and all below it."""
        yield self
        for one in self.below:
            yield from one.walk()


@dataclass(frozen=True, slots=True)
class Plan:
    """How the server would answer; `kind` is r, w, rw, or s for what is about schema and server."""

    kind: str
    root: Step


@dataclass(frozen=True)
class Answer:
    """The rows of a query, by column; `left` says why there are more than these."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    left: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    """What was written: nodes_created, properties_set …"""
    plan: Plan | None = None
    """Where the plan was asked for."""
    seconds: float = 0.0


def ask(
    graph: Graph,
    text: str,
    parameters: Mapping[str, Any],
    limits: Limits,
    check: Callable[[Plan], None],
    *,
    mode: Mode = "run",
    write: bool = False,
) -> Answer:
    """Explain `text`, let `check` refuse its plan by raising, and run it in one transaction.

    A write is committed when all of it is done, and rolled back otherwise. In mode `explain` nothing is
    checked or run; in mode `profile` the rows are counted, not kept. Raises `InputError` for what the server
    finds wrong with the query, `DeepPersonaError` where a limit stopped it.
    """
    one = _Question(graph, text, dict(parameters), limits, check, mode, write)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return one.answer()
    with ThreadPoolExecutor(1) as aside:  # the caller is asynchronous itself, a notebook for instance
        return aside.submit(one.answer).result()


@dataclass
class _Question:
    graph: Graph
    text: str
    parameters: dict[str, Any]
    limits: Limits
    check: Callable[[Plan], None]
    mode: Mode
    write: bool
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    columns: tuple[str, ...] = ()
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    left: str | None = None
    full: bool = False
    committing: bool = False
    """All is written; from here on the server decides, not the clock."""

    def answer(self) -> Answer:
        with asyncio.Runner(loop_factory=MeteredLoop) as runner:
            return runner.run(self._connected())

    async def _connected(self) -> Answer:
        uri, auth = self.graph.access
        try:
            async with AsyncGraphDatabase.driver(
                uri,
                auth=auth,
                connection_timeout=10.0,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
                user_agent="deeppersona-graph",
            ) as driver:
                return await self._limited(driver)
        except (Neo4jError, DriverError, ValueError, OverflowError, TypeError) as error:
            raise in_our_words(error, self.graph.uri, self.limits.seconds, self.write) from error

    async def _limited(self, driver: AsyncDriver) -> Answer:
        async with driver.session(
            database=self.graph.database,
            default_access_mode="WRITE" if self.write else "READ",
            fetch_size=min(self.limits.rows + 1, ROWS_AT_ONCE),
        ) as session:
            work = asyncio.create_task(self._work(session))
            answer = None
            try:
                done, _ = await asyncio.wait({work}, timeout=self.limits.seconds + GRACE)
                if not done and not self.committing:
                    raise DeepPersonaError(await self._stop(driver, work))
                answer = await work
            except asyncio.CancelledError:
                if not self.full:
                    raise
            finally:
                if answer is None:
                    work.cancel()
                    session.cancel()
                    await asyncio.gather(work, return_exceptions=True)
            return answer or self._too_large()

    async def _work(self, session: AsyncSession) -> Answer:
        began = perf_counter()
        plan = await self._explain(session)
        if self.mode == "explain":
            return Answer((), (), plan=plan)
        self.check(plan)
        prefix = "PROFILE\n" if self.mode == "profile" else ""
        transaction = await session.begin_transaction(
            metadata={"mark": self.mark}, timeout=self.limits.seconds
        )
        self._meter()
        result = await transaction.run(prefix + self.text, self.parameters)
        self.columns = tuple(result.keys())
        if self.mode == "run":
            await self._keep(result)
        if self.left and not self.write:
            session.cancel()
            return self._answer(began)
        summary = await result.consume()
        if self.write:
            self.committing = True
            await transaction.commit()
        else:
            await transaction.rollback()
        counters = {
            name: value
            for name, value in vars(summary.counters).items()
            if isinstance(value, int) and not isinstance(value, bool) and value
        }
        profiled = _plan(summary.query_type, summary.profile) if self.mode == "profile" else None
        return self._answer(began, counters, profiled)

    async def _explain(self, session: AsyncSession) -> Plan:
        """The server parses and plans the text; it runs nothing of it."""
        transaction = await session.begin_transaction(
            metadata={"mark": self.mark}, timeout=self.limits.seconds
        )
        result = await transaction.run("EXPLAIN\n" + self.text, self.parameters)
        summary = await result.consume()
        await transaction.rollback()
        return _plan(summary.query_type, summary.plan)

    async def _keep(self, result: AsyncResult) -> None:
        async for record in result:
            if len(self.rows) == self.limits.rows:
                self.left = f"only the first {self.limits.rows:,} rows are here, there are more"
                break
            self.rows.append(dict(zip(self.columns, map(plain, record.values()), strict=True)))

    def _meter(self) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        assert isinstance(loop, MeteredLoop)

        def exceeded() -> None:
            self.full = True
            task.cancel()

        loop.meter(self.limits.megabytes * 1e6, exceeded)

    def _too_large(self) -> Answer:
        size = f"{self.limits.megabytes:g} MB"
        if self.write:
            raise DeepPersonaError(
                f"the answer is larger than {size}, so nothing was changed; return less, "
                "or allow more megabytes"
            )
        if not self.rows:
            raise DeepPersonaError(
                f"the first row of the answer is larger than {size}; return less, or allow more megabytes"
            )
        self.left = f"only the first {len(self.rows):,} rows are here, the answer is larger than {size}"
        return self._answer(None)

    def _answer(
        self, began: float | None, counters: Mapping[str, int] | None = None, plan: Plan | None = None
    ) -> Answer:
        seconds = perf_counter() - began if began is not None else 0.0
        return Answer(self.columns, tuple(self.rows), self.left, counters or {}, plan, seconds)

    async def _stop(self, driver: AsyncDriver, work: asyncio.Task[Answer]) -> str:
        """Have the server end the transaction; a message that says whether it did."""
        message = f"the query ran into its limit of {self.limits.seconds:g} s"
        unchanged = "; nothing was changed" if self.write else ""
        try:
            async with asyncio.timeout(STOPPING):
                await self._statement(driver, "server/terminate")
                await asyncio.wait({work}, timeout=GRACE)
                working = await self._statement(driver, "server/working")
        except (TimeoutError, Neo4jError, DriverError):
            return (
                f"{message} and was let go{unchanged}; the server does not answer any more: if it is the "
                "private one, `deeppersona server stop` ends it, and the next command starts it again"
            )
        if not working:
            return f"{message} and was stopped{unchanged}; ask for less, or give it more seconds"
        return (
            f"{message} and was let go{unchanged}; the server was told to end it, and will when the "
            "expression it is in is computed, which nothing breaks off; `deeppersona server stop` ends a "
            "private server"
        )

    async def _statement(self, driver: AsyncDriver, name: str) -> list[Any]:
        async with driver.session(database=self.graph.database, default_access_mode="READ") as session:
            result = await session.run(statement(name).text, mark=self.mark)
            return [record async for record in result]


def _plan(kind: str | None, root: Any) -> Plan:
    if root is None:
        raise DeepPersonaError("the server gave no plan for the query, so it is not run")
    return Plan(kind or "", _step(root))


def _step(found: Mapping[str, Any]) -> Step:
    operator, _, database = found["operatorType"].partition("@")
    told = found.get("args") or {}
    return Step(
        operator,
        database,
        str(told.get("Details", "")),
        told.get("EstimatedRows"),
        told.get("Rows"),
        told.get("DbHits"),
        tuple(_step(one) for one in found.get("children") or ()),
    )
