"""How commands print: data to stdout, progress and messages to stderr."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """`value` as one JSON document on stdout; dataclasses and paths must be plain by now."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
