"""`deeppersona mine`: a Human-Attribute Tree out of dialogues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli import options
from deeppersona_graph.cli.figures import show_figures
from deeppersona_graph.cli.making import Spending, agreed
from deeppersona_graph.cli.output import opened, print_json, say
from deeppersona_graph.errors import ConflictError, ModelAccessError, ModelError

if TYPE_CHECKING:
    from deeppersona_graph.mining import Mining
    from deeppersona_graph.taxonomy.mining.report import MiningReport

LISTED = 5
"""Failures and refusals that are told one by one; more are counted."""


def mine(
    dialogues: Annotated[
        list[Path],
        typer.Argument(
            help="JSONL of questions and answers, chats, ShareGPT conversations, or sentences, one a line."
        ),
    ],
    taxonomy: Annotated[
        str, typer.Option("--taxonomy", help="Taxonomy to mine into; a new one has the twelve domains.")
    ],
    expand: Annotated[
        int, typer.Option("--expand", help="Thin branches for which attributes are proposed; 0: none.")
    ] = 12,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    via: options.AskedVia = options.Via.online,
    budget: options.Budget = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    uri: options.Uri = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Mine attributes from dialogues into a taxonomy; run again, with more or the same, it goes on."""
    with opened(uri, data_dir, model=model, base_url=base_url) as api:
        run = api.mine(dialogues, taxonomy, via=via.value, budget=budget, branches=expand)
        if not _agreed(run, Spending(dry_run, yes), json):
            return
        with _told_however_it_ends(run):
            report = run.run()
    if json:
        print_json(_plain(run, report))
    else:
        _show(report)
    _tell(run, report)
    if report.failed:
        raise typer.Exit(1)


def _agreed(run: Mining, spending: Spending, json: bool) -> bool:
    """Whether the run is to go on: what it will cost is told where that is known, and asked about above a
    dollar."""
    if not spending.dry and (not run.priced or run.via == "replay"):
        return True
    forecast = run.forecast()
    return agreed(forecast, forecast.summary() if forecast.new else None, spending, json)


@contextmanager
def _told_however_it_ends(run: Mining) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; what was answered is kept, and the same command goes on with it")
        say(run.report.summary())
        raise
    except (ModelError, ModelAccessError, ConflictError):
        say(run.report.summary())
        raise


def _show(report: MiningReport) -> None:
    classes = ", ".join(f"{count:,} {name}" for name, count in report.classes.items())
    say(f"{report.exchanges:,} exchanges, {report.new:,} of them new" + (f": {classes}" if classes else ""))
    if report.proposed:
        verdicts = ", ".join(f"{count:,} {name}" for name, count in report.verdicts.items())
        say(f"{report.mentions:,} mentions of {report.proposed:,} paths: {verdicts}")
    for path, why in list(report.dropped.items())[:LISTED]:
        say(f"dropped {path}: {why}")
    if report.state == "waiting":
        return
    if report.attributes:
        say(
            f"merging: {report.merged:,} names became one with another, {report.compared:,} pairs compared; "
            f"second filter: {report.moved} moved, {report.united} united, {report.removed} dropped; "
            f"{report.expanded} proposed for thin branches, {len(report.refused)} refused"
        )
    if report.changed:
        say(
            f"{report.attributes:,} attributes: {report.created:,} new, {report.renamed} renamed, "
            f"{report.gone} gone; the taxonomy {report.taxonomy} has version {report.version} now"
        )
    elif report.classes and report.classes["Non-personalizable"] == report.exchanges:
        say("no dialogue reveals anything about a person; the tree is as it was")
    elif not report.failed:
        say("nothing new follows from these dialogues; the tree is as it was")
    if report.changed and report.figures is not None:
        show_figures(report.figures)


def _tell(run: Mining, report: MiningReport) -> None:
    """What the model took, what waits, which questions found no answer, and which lines were of no use."""
    found = run.dialogues
    say(run.report.summary())
    if found.duplicates or found.masked:
        say(f"{found.duplicates:,} duplicates left out; in {found.masked:,} exchanges data was masked")
    for text, reason in list(report.failed.items())[:LISTED]:
        say(f"no usable answer to {text[:80]}…: {reason}")
    if report.failed:
        say(f"{len(report.failed)} questions found no usable answer; run the same command again to ask anew")
    if report.waiting:
        files = ", ".join(map(str, report.files)) or "files written before (deeppersona batch status)"
        say(
            f"{report.waiting} questions wait for answers to the requests in {files}; give these to the "
            "provider, bring the answers back with `deeppersona batch import`, and run the same command again"
        )
    for path, malformed in found.malformed.items():
        for number, reason in malformed.first:
            say(f"{path}, line {number} {reason}")
        if malformed.count:
            say(f"{path}: {malformed.count} lines were of no use; the rest was read")


def _plain(run: Mining, report: MiningReport) -> dict[str, Any]:
    found = run.dialogues
    return {
        **asdict(report),
        "files": [str(file) for file in report.files],
        "duplicates": found.duplicates,
        "masked": found.masked,
        "malformed": {
            str(path): {
                "count": one.count,
                "first": [{"line": number, "reason": reason} for number, reason in one.first],
            }
            for path, one in found.malformed.items()
            if one.count
        },
        "report": run.report.plain(),
    }
