"""`deeppersona batch status | export | import | withdraw`: requests that go to a language model in files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deeppersona_graph.cli.options import DataDir, Json
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError

if TYPE_CHECKING:
    from deeppersona_graph.llm.executors.responses import ImportReport

LISTED = 5
"""Lines and requests that are named one by one; more are counted."""

app = typer.Typer(help="Requests that go to a language model in files.", no_args_is_help=True)


@app.command()
def status(data_dir: DataDir = None, json: Json = False) -> None:
    """How far every batch file has come."""
    with opened(None, data_dir) as api:
        files = api.batch_status()
    if json:
        print_json([asdict(one) for one in files])
        return
    if not files:
        say("no batch file was written yet; `deeppersona generate --model … --via batch` writes the first")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("file", "wave", "model", "requests", "answered", "failed", "pending"):
        table.add_column(column, justify="left" if column in ("file", "model") else "right")
    for one in files:
        counts = (one.requests, one.answered, one.failed, one.pending)
        table.add_row(one.name, str(one.wave), line(one.model), *map(str, counts))
    out.print(table)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to copy the files to.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Copy the batch files that still wait for answers, to be given to a provider's Batch API."""
    with opened(None, data_dir) as api:
        copied = api.batch_export(folder)
    if json:
        print_json([str(path) for path in copied])
        return
    for path in copied:
        out.print(line(str(path)), markup=False)
    say(f"{len(copied)} files; bring the answers back with: deeppersona batch import FILE")


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Files of responses, or of errors, as the provider gives.")
    ],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take in a provider's answers; then run the command again that wrote the requests."""
    reports: dict[str, ImportReport] = {}
    with opened(None, data_dir) as api:
        for file in files:
            reports[str(file)] = api.batch_import(file)
            if not json:
                _tell(file, reports[str(file)])
    if json:
        print_json({file: asdict(report) for file, report in reports.items()})
    if any(report.malformed for report in reports.values()):
        raise InputError(
            "some lines are no responses and were passed over; the others are in. Get the file again, or go "
            "on without them: their requests still wait"
        )


def _tell(file: Path, report: ImportReport) -> None:
    say(
        f"{file}: {report.answered} answers, {report.already} known before, "
        f"{len(report.failed)} failures, {len(report.unknown)} to requests that are not ours"
    )
    for number, wrong in report.malformed[:LISTED]:
        say(f"{file}, line {number}: {wrong}")
    if len(report.malformed) > LISTED:
        say(f"{file}: {len(report.malformed) - LISTED} more lines like these")
    for key, reason in report.failed[:LISTED]:
        say(f"request {key[:12]} failed: {reason}")


@app.command()
def withdraw(
    file: Annotated[str, typer.Argument(help="Name of a batch file, as `batch status` lists it.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Give up a batch file that was lost, rejected whole or never sent; what is open in it goes out again."""
    with opened(None, data_dir) as api:
        count = api.batch_withdraw(file)
    if json:
        print_json({"file": file, "withdrawn": count})
        return
    say(
        f"{count} requests of {file} go out again with the next wave; run the command again that wrote them"
        if count
        else f"nothing in {file} was open"
    )
