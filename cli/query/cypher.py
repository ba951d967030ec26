"""`deeppersona query cypher | schema`: Cypher that people write themselves, and the model it goes by."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli.options import DataDir, Json, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError, shorten

if TYPE_CHECKING:
    from rich.table import Table

    from deeppersona_graph.graph.asking import Answer, Step
    from deeppersona_graph.insight.schema import GraphModel


def cypher(
    query: Annotated[str, typer.Argument(help="One Cypher statement; EXPLAIN or PROFILE first: its plan.")],
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", help="name=value for $name, as JSON, or else as text; may be given several times."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Let it write, all or nothing, and take the edit in.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="Rows to take at the most.")
    ] = 1000,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=0.1, max=3600, help="Seconds it may run, whatever the server does."),
    ] = 10.0,
    megabytes: Annotated[
        float, typer.Option("--megabytes", min=0.001, max=4096, help="How much to take from the server.")
    ] = 16.0,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Ask the graph in Cypher: read-only, within limits of time and size."""
    parameters = _parameters(param or ())
    with opened(uri, data_dir) as api:
        if write:
            written = api.write_cypher(query, parameters, limit=limit, timeout=timeout, megabytes=megabytes)
            answer, synced = written.answer, written.synced
        else:
            answer = api.cypher(query, parameters, limit=limit, timeout=timeout, megabytes=megabytes)
            synced = {}
    changed = {name: report for name, report in synced.items() if report.changed}
    if json:
        _print_json(answer, {name: asdict(report) for name, report in changed.items()} if write else None)
    else:
        _show(answer, write)
    for name, report in changed.items():
        say(f"taxonomy {name}: {report.summary}")
    if answer.left:
        say(f"{answer.left}; --limit and --megabytes say how many")


def schema(uri: Uri = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Print the model of the graph, for people who write Cypher themselves."""
    with opened(uri, data_dir) as api:
        found = api.graph_model()
    if json:
        print_json(asdict(found))
    else:
        _show_model(found)


def _parameters(given: Sequence[str]) -> dict[str, Any]:
    """Values by name: JSON, or, where it is none, the text as it stands."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        name = name.strip().removeprefix("$")
        if not equals or not name or name in found:
            fault = "it names a parameter again" if name in found else "expected name=value"
            raise InputError(f"--param {shorten(one)!r}: {fault}, such as --param age=40")
        try:
            found[name] = json_text.loads(text)
        except ValueError:
            found[name] = text
    return found


def _print_json(answer: Answer, synced: dict[str, Any] | None) -> None:
    from deeppersona_graph.insight.cypher_values import as_json, plan_json

    if answer.plan is not None:
        print_json({"kind": answer.plan.kind, "plan": plan_json(answer.plan.root)})
        return
    rows = [as_json(row) for row in answer.rows]
    print_json(rows if synced is None else {"rows": rows, "counters": answer.counters, "sync": synced})


def _show(answer: Answer, write: bool) -> None:
    if answer.plan is not None:
        _show_plan(answer.plan.root)
        return
    if answer.columns:
        out.print(_table(answer), soft_wrap=False)
        count = len(answer.rows)
        say(f"{count:,} {'row' if count == 1 else 'rows'} in {answer.seconds:.2f} s")
    if write:
        done = ", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in answer.counters.items())
        say(done or "nothing was changed")


def _table(answer: Answer) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from deeppersona_graph.insight.cypher_values import brief

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in answer.columns:
        numbers = all(
            isinstance(row[column], (int, float)) and not isinstance(row[column], bool) for row in answer.rows
        )
        table.add_column(
            Text(line(column)), overflow="fold", justify="right" if numbers and answer.rows else "left"
        )
    for row in answer.rows:
        table.add_row(*(Text(line(brief(row[column]))) for column in answer.columns))
    return table


def _show_plan(step: Step, level: int = 0) -> None:
    if step.rows is None:
        counts = f"about {step.estimated or 0:,.0f} rows"
    else:
        counts = f"{step.rows:,} rows, {step.hits or 0:,} hits"
    text = f"{'  ' * level}{step.operator}  {line(shorten(step.details, 120))}  ({counts})"
    out.print(text, markup=False)
    for one in reversed(step.below):
        _show_plan(one, level + 1)


def _show_model(found: GraphModel) -> None:
    for label in found.labels:
        out.print(f"(:{label.name})  {label.count:,}  {label.meaning}", markup=False)
        for one in label.properties:
            out.print(f"    {one.name}: {' | '.join(one.types)}  {one.meaning}", markup=False)
    out.print()
    for edge in found.relationships:
        ends = ", ".join(f"(:{start})-[:{edge.name}]->(:{end})" for start, end in edge.between)
        out.print(f"{ends}  {edge.count:,}  {edge.meaning}", markup=False)
        for one in edge.properties:
            out.print(f"    {one.name}: {' | '.join(one.types)}  {one.meaning}", markup=False)
    out.print()
    for index in found.indexes:
        unique = "unique" if index.unique else "index"
        out.print(f"{unique}  {index.label}({', '.join(index.properties)})", markup=False)
