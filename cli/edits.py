"""`deeppersona taxonomy add | rename | move | merge | split | retire | describe | constrain | bias`.

Each is one change of the tree, which `undo` takes back.
"""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli.options import DataDir, Json, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError, shorten

if TYPE_CHECKING:
    from deeppersona_graph.model.tree import ValueType
    from deeppersona_graph.taxonomy.editing.perform import Edit
    from deeppersona_graph.taxonomy.editing.spaces import Space

SHOWN = 40
"""Lines of differences that are shown; more are counted."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what it would touch.")]
Attribute = Annotated[str, typer.Argument(help="An attribute, by name or path.")]
Attributes = Annotated[list[str], typer.Argument(help="Attributes, by name or path.")]
Description = Annotated[str | None, typer.Option("--description", help="What the attribute asks.")]
Values = Annotated[
    list[str] | None,
    typer.Option("--value", help="A value, or VALUE=SHARE with its share in percent; all of them, in order."),
]
Minimum = Annotated[float | None, typer.Option("--minimum", help="The least number.")]
Maximum = Annotated[float | None, typer.Option("--maximum", help="The greatest number.")]
Unit = Annotated[str | None, typer.Option("--unit", help="What numbers are counted in.")]


class Kind(StrEnum):
    """Types of values."""

    categorical = "categorical"
    ordinal = "ordinal"
    number = "number"
    list = "list"
    text = "text"


class Relation(StrEnum):
    """What values demand of one another."""

    excludes = "excludes"
    requires = "requires"
    implies = "implies"


def add(
    name: Annotated[str, typer.Argument(help="Name of the new attribute.")],
    under: Annotated[str | None, typer.Option("--under", help="Its parent; without, it is a root.")] = None,
    description: Description = None,
    kind: Annotated[Kind | None, typer.Option("--type", help="Type of its values.")] = None,
    value: Values = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    unit: Unit = None,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Add an attribute."""
    space = _space(description, kind, value, minimum, maximum, unit)
    with opened(uri, data_dir) as api:
        show_edit(api.add(name, under=under, space=space, taxonomy=taxonomy, dry=dry_run), json)


def rename(
    attribute: Attribute,
    name: Annotated[str, typer.Argument(help="Its new name.")],
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Give an attribute another name; the former one still finds it."""
    with opened(uri, data_dir) as api:
        show_edit(api.rename(attribute, name, taxonomy=taxonomy, dry=dry_run), json)


def move(
    attribute: Attribute,
    under: Annotated[str | None, typer.Option("--under", help="Its new parent.")] = None,
    root: Annotated[bool, typer.Option("--root", help="Make it a root.")] = False,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Hang an attribute, with all below it, elsewhere."""
    if root == (under is not None):
        raise InputError("say where to: --under PARENT, or --root, not both")
    with opened(uri, data_dir) as api:
        show_edit(api.move(attribute, under, taxonomy=taxonomy, dry=dry_run), json)


def merge(
    keep: Annotated[str, typer.Argument(help="The attribute that is kept.")],
    gone: Annotated[list[str], typer.Argument(help="Those that become one with it.")],
    name: Annotated[str | None, typer.Option("--name", help="What the kept one is called then.")] = None,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make one attribute of several, with all that hangs on them."""
    with opened(uri, data_dir) as api:
        show_edit(api.merge(keep, gone, name=name, taxonomy=taxonomy, dry=dry_run), json)


def split(
    attribute: Attribute,
    into: Annotated[
        list[str] | None,
        typer.Option("--into", help="NAME=value;value: an attribute to split off, with the values it takes."),
    ] = None,
    below: Annotated[bool, typer.Option("--below", help="Hang the parts below it, not beside it.")] = False,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make several attributes of one; people go with their values."""
    parts = [_part(text) for text in into or ()]
    with opened(uri, data_dir) as api:
        show_edit(api.split(attribute, parts, below=below, taxonomy=taxonomy, dry=dry_run), json)


def retire(
    attributes: Attributes,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take attributes, with all below them, out of generation."""
    with opened(uri, data_dir) as api:
        show_edit(api.retire(attributes, taxonomy=taxonomy, dry=dry_run), json)


def describe(
    attribute: Attribute,
    description: Description = None,
    kind: Annotated[Kind | None, typer.Option("--type", help="Type of its values.")] = None,
    value: Values = None,
    add_value: Annotated[
        list[str] | None, typer.Option("--add-value", help="A value more, or VALUE=SHARE.")
    ] = None,
    drop_value: Annotated[list[str] | None, typer.Option("--drop-value", help="A value less.")] = None,
    rename_value: Annotated[
        list[str] | None, typer.Option("--rename-value", help="OLD=NEW: another text for a value.")
    ] = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    typical: Annotated[str | None, typer.Option("--typical", help="LOW:HIGH, where most lie.")] = None,
    unit: Unit = None,
    ages: Annotated[
        str | None, typer.Option("--ages", help="LOW:HIGH, either of them may lack: whom it applies to.")
    ] = None,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say anew what an attribute asks, and which values it admits; what is not said stays."""
    from dataclasses import replace

    space = replace(
        _space(description, kind, value, minimum, maximum, unit),
        add=tuple(_share(text) for text in add_value or ()),
        drop=tuple(drop_value or ()),
        rename=tuple(_pair(text, "--rename-value", "OLD=NEW") for text in rename_value or ()),
        typical=_typical(typical),
        ages=_ages(ages),
    )
    with opened(uri, data_dir) as api:
        show_edit(api.describe(attribute, space, taxonomy=taxonomy, dry=dry_run), json)


def constrain(
    subject: Annotated[str, typer.Argument(help="Attribute=value, or, for requires, an attribute.")],
    relation: Annotated[Relation, typer.Argument(help="What it does.")],
    objects: Annotated[
        list[str],
        typer.Argument(
            help="Attribute=value, Attribute, or Attribute>=number; required values are alternatives."
        ),
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Take the constraint away.")] = False,
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Let values exclude, require or imply others; tells who breaks that by now.

    `"Diet=vegan" excludes "Dish=steak"`, `"Pet Food" requires "Pet=dog" "Pet=cat"`, `"Licence=car" requires
    "Age>=18"`, `"Diet=vegan" implies "Milk=oat" "Milk=none"`.
    """
    with opened(uri, data_dir) as api:
        edit = api.constrain(subject, relation.value, objects, remove=remove, taxonomy=taxonomy, dry=dry_run)
        show_edit(edit, json)


def bias(
    attribute: Attribute,
    factor: Annotated[float, typer.Argument(help="1 is as usual, 2 twice as often, 0 never.")],
    taxonomy: Taxonomy = None,
    dry_run: DryRun = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Let a branch be drawn more often, or less, by whoever generates."""
    with opened(uri, data_dir) as api:
        show_edit(api.bias(attribute, factor, taxonomy=taxonomy, dry=dry_run), json)


def show_edit(edit: Edit, json: bool) -> None:
    """Show what an edit did, or would do."""
    if json:
        print_json(asdict(edit))
        return
    for one in edit.changes[:SHOWN]:
        out.print(f"{one.what:9} {line(one.text)}", markup=False)
    if len(edit.changes) > SHOWN:
        say(f"… {len(edit.changes) - SHOWN} more")
    for note in edit.notes:
        say(note)
    touched = f"{edit.attributes:,} attributes, {edit.values:,} values of theirs"
    if edit.personas:
        touched += f"; {edit.personas:,} people have them, with {edit.edges:,} values"
    if edit.moved:
        touched += f", {edit.moved:,} of which belong elsewhere now"
    if edit.violations:
        named = ", ".join(f"{one['name']} ({one['id']})" for one in edit.violating[:5])
        more = " …" if edit.violations > min(5, len(edit.violating)) else ""
        say(f"{edit.violations:,} people break it by now: {named}{more}; `deeppersona refresh` mends them")
    if edit.dry:
        say(f"would touch {touched}; nothing was changed")
    else:
        say(f"touched {touched}")
        undo = "deeppersona taxonomy undo" + (
            "" if edit.taxonomy == "human" else f" --taxonomy {edit.taxonomy}"
        )
        say(f"{edit.taxonomy} is at version {edit.version}; take it back with: {undo}")


def _space(
    description: str | None,
    kind: Kind | None,
    values: list[str] | None,
    minimum: float | None,
    maximum: float | None,
    unit: str | None,
) -> Space:
    from deeppersona_graph.taxonomy.editing.spaces import Space

    value_type: ValueType | None = None if kind is None else kind.value
    return Space(
        description=description,
        value_type=value_type,
        values=tuple(_share(text) for text in values or ()),
        minimum=minimum,
        maximum=maximum,
        unit=unit,
    )


def _share(text: str) -> tuple[str, float | None]:
    """A value with the share after its last `=`, where what follows is a number."""
    value, sign, share = text.rpartition("=")
    try:
        return (value.strip(), float(share)) if sign else (text.strip(), None)
    except ValueError:
        return text.strip(), None


def _part(text: str) -> tuple[str, list[str]]:
    name, values = _pair(text, "--into", "NAME=value;value")
    return name, [value.strip() for value in values.split(";") if value.strip()]


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    left, sign, right = text.partition("=")
    if not sign or not left.strip() or not right.strip():
        raise InputError(f"{option} {shorten(text)!r}: expected {form}")
    return left.strip(), right.strip()


def _typical(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, high = _range(text, "--typical", float)
    if low is None or high is None:
        raise InputError(f"--typical {shorten(text)!r}: expected two numbers, such as 2:5")
    return low, high


def _ages(text: str | None) -> tuple[int | None, int | None] | None:
    return None if text is None else _range(text, "--ages", int)


def _range(text: str, option: str, number: Any) -> tuple[Any, Any]:
    low, sign, high = text.partition(":")
    try:
        found = (number(low) if low.strip() else None, number(high) if high.strip() else None)
    except ValueError:
        found = (None, None)
        sign = ""
    if not sign:
        raise InputError(f"{option} {shorten(text)!r}: expected two numbers, such as 18:65")
    return found
