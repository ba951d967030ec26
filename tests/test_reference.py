"""The reference of the command line is what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAKE = [
    "-m",
    "typer",
    "deeppersona_graph.cli.main",
    "utils",
    "docs",
    "--name",
    "deeppersona",
    "--title",
    "Commands",
]


def test_the_reference_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "REFERENCE.md"
    subprocess.run([sys.executable, *MAKE, "--output", str(made)], check=True, capture_output=True)
    assert made.read_text(encoding="utf-8") == (ROOT / "cli" / "REFERENCE.md").read_text(encoding="utf-8"), (
        f"make it anew: python {' '.join(MAKE)} --output cli/REFERENCE.md"
    )
