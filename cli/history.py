"""`deeppersona taxonomy log | undo | diff | snapshot | restore`: a taxonomy's past."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from deeppersona_graph.cli.edits import DryRun, show_edit
from deeppersona_graph.cli.options import DataDir, Json, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError


def log(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at the most.")] = 20,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what was changed, the newest first."""
    with opened(uri, data_dir) as api:
        entries = api.log(taxonomy, limit)
    if json:
        print_json([{**asdict(one), "arguments": dict(one.told)} for one in entries])
        return
    for one in entries:
        undone = " (undone)" if one.undone else ""
        told = f"{one.operation}{undone}  {line(one.summary)}"
        out.print(f"{one.version:5}  {_minute(one.time)}  {told}", markup=False, highlight=False)


def undo(
    version: Annotated[
        int | None, typer.Argument(help="The version whose change to take back; without, the last one.")
    ] = None,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Take back what was edited by hand and not taken in yet.")
    ] = False,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take a change back; an undo is a change too, and can be undone by its version."""
    if by_hand and version is not None:
        raise InputError("give a version, or --by-hand, not both")
    with opened(uri, data_dir) as api:
        if by_hand:
            edit = api.undo_by_hand(taxonomy=taxonomy, dry=dry_run)
        else:
            edit = api.undo(version, taxonomy=taxonomy, dry=dry_run)
        show_edit(edit, json)


def diff(
    since: Annotated[str | None, typer.Argument(help="A version, or the name of a snapshot.")] = None,
    until: Annotated[str | None, typer.Argument(help="Another; without, the present one.")] = None,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what differs between two versions; without any, what the last change did."""
    with opened(uri, data_dir) as api:
        found = api.diff(_version(since), _version(until), taxonomy=taxonomy)
    if json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        out.print(f"{one.what:9} {line(one.text)}", markup=False)
    if not found:
        say("nothing differs")


def snapshot(
    name: Annotated[
        str | None, typer.Argument(help="For the present version; without, all are listed.")
    ] = None,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Give the present version a name, or list those that have one."""
    with opened(uri, data_dir) as api:
        version = None if name is None else api.snapshot(name, taxonomy)
        found = [dict(row) for row in api.snapshots(taxonomy)]
    if json:
        print_json(found)
    elif version is not None:
        say(f"version {version} is called {name}; come back to it with: taxonomy restore --snapshot {name!r}")
    else:
        for row in found:
            out.print(f"{row['version']:5}  {_minute(row['time'])}  {line(row['name'])}", markup=False)
        if not found:
            say("no version has a name yet")


def restore(
    attributes: Annotated[
        list[str] | None, typer.Argument(help="Retired attributes to take back into generation.")
    ] = None,
    snapshot_: Annotated[str | None, typer.Option("--snapshot", help="Go back to a snapshot.")] = None,
    to: Annotated[int | None, typer.Option("--to", help="Go back to a version.")] = None,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take retired attributes back, or bring the whole tree back to a version."""
    if sum((bool(attributes), snapshot_ is not None, to is not None)) != 1:
        raise InputError("say what to restore: attributes, --snapshot NAME or --to VERSION, one of them")
    with opened(uri, data_dir) as api:
        if attributes:
            edit = api.restore(attributes, taxonomy=taxonomy, dry=dry_run)
        else:
            target = snapshot_ if snapshot_ is not None else to
            assert target is not None
            edit = api.restore_version(target, taxonomy=taxonomy, dry=dry_run)
        show_edit(edit, json)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _version(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text
