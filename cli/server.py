"""`deeppersona server`: the private Neo4j server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli.options import DataDir, Json, Yes
from deeppersona_graph.cli.output import ask, err, line, out, print_json

if TYPE_CHECKING:
    from deeppersona_graph.graph.server import ServerStatus

app = typer.Typer(help="The private Neo4j server.", no_args_is_help=True)


@app.command()
def start(data_dir: DataDir = None, json: Json = False) -> None:
    """Start the private server, fetching Neo4j the first time; a running one is left as it is."""
    from deeppersona_graph.graph import server
    from deeppersona_graph.settings import load_settings

    settings = load_settings(data_dir=data_dir)
    server.ensure_running(settings, announce=_announce)
    _print_status(server.status(settings), json)


@app.command()
def stop(data_dir: DataDir = None, json: Json = False) -> None:
    """Stop the private server; what it stores is kept."""
    from deeppersona_graph.graph import server
    from deeppersona_graph.settings import load_settings

    stopped = server.stop(load_settings(data_dir=data_dir), announce=_announce)
    if json:
        print_json({"stopped": stopped})
    else:
        out.print("the private server has stopped" if stopped else "the private server was not running")


@app.command()
def status(
    data_dir: DataDir = None,
    show_password: Annotated[bool, typer.Option("--show-password", help="Print the password, too.")] = False,
    json: Json = False,
) -> None:
    """Tell whether the private server runs, its address and user, and how much it stores."""
    from deeppersona_graph.graph import server
    from deeppersona_graph.settings import load_settings

    settings = load_settings(data_dir=data_dir)
    known = server.known_endpoint(settings) if show_password else None
    _print_status(server.status(settings), json, password=known.password if known else None)
    if settings.uri:
        err.print(f"other commands use {settings.uri}, as --uri or NEO4J_URI says", markup=False)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many lines, from the end.")] = 50,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Print what the private server has logged since its latest start."""
    from deeppersona_graph.graph import server
    from deeppersona_graph.settings import load_settings

    tail = server.log_tail(load_settings(data_dir=data_dir), lines)
    if json:
        print_json(tail)
    elif tail:
        out.print("\n".join(map(line, tail)), markup=False)
    else:
        err.print("the private server has logged nothing yet; `deeppersona server start` starts it")


@app.command()
def wipe(
    jars: Annotated[bool, typer.Option("--jars", help="Delete the downloaded Neo4j, too.")] = False,
    data_dir: DataDir = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Stop the private server and delete everything it stores: all taxonomies and personas."""
    from deeppersona_graph.graph import server
    from deeppersona_graph.settings import load_settings

    settings = load_settings(data_dir=data_dir)
    found = server.status(settings)
    if not yes:
        ask(f"delete the store in {found.home} ({_megabytes(found.store_size)})")
    server.wipe(settings, announce=_announce, jars=jars)
    if json:
        print_json({"wiped": str(found.home), "jars": jars})
    else:
        out.print(f"the store in {found.home} is deleted", markup=False)


def _announce(message: str) -> None:
    err.print(line(message), markup=False)


def _print_status(found: ServerStatus, json: bool, *, password: str | None = None) -> None:
    if json:
        plain: dict[str, Any] = asdict(found) | {"home": str(found.home)}
        print_json(plain | {"password": password} if password else plain)
        return
    rows = {
        "state": f"running (process {found.pid}, up {_duration(found.uptime)})"
        if found.running
        else "stopped",
        "address": found.uri or "none yet; `deeppersona server start` starts it",
        "user": found.username,
        "password": password or ("`deeppersona server status --show-password`" if found.username else None),
        "version": f"Neo4j {found.version} Community",
        "home": str(found.home),
        "store": _megabytes(found.store_size),
    }
    for name, text in rows.items():
        if text is not None:
            out.print(f"{name:<9} {text}", markup=False)


def _duration(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
