"""Records a migration on the command line as an animated SVG: real runs, their lines one after the other.

`python scripts/record_terminal.py FILE`; look at the picture before you commit it. It asks no network when it is seen.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT  # the only place where the template is; pinned by constraints.txt
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 118  # characters, so that no line of the runs below is broken more than once

SHOWN = (
    "sodaf-nb diff Member",
    "sodaf-nb apply Member",
    "sodaf-nb apply Member --backfill email=unknown@example.org",
    "sodaf-nb rollback 8",
)
SECONDS_A_LINE, SECONDS_A_COMMAND = 0.06, 1.6

_SHARED = ("--database", "library.db", "--color", "always")


def run(folder: Path, words: list[str]) -> str:
    """Run one command line in a folder and return what it shows."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SODAF_")}
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-m", "sodaf_nb", *_SHARED, *words],
        cwd=folder,
        env=variables | {"COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,  # a refusal is a part of what is shown
    )
    return done.stdout + done.stderr


def recorded(folder: Path) -> tuple[str, list[float]]:
    """Return the picture of all runs, and the second at which each of its lines appears."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    times, now = list[float](), 0.0
    for command in SHOWN:
        for line in (f"$ {command}", *run(folder, ["--doctypes", "v2", *command.split()[1:]]).splitlines(), ""):
            text = Text.from_ansi(line)
            lines = len(text.wrap(console, WIDTH)) or 1
            console.print(text, style="bold" if line.startswith("$ ") else "")
            times += [now + n * SECONDS_A_LINE for n in range(lines)]
            now = times[-1] + SECONDS_A_LINE
        now += SECONDS_A_COMMAND
    template = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="sodaf-nb", code_format=template, unique_id="run"), times


def animated(picture: str, times: list[float]) -> str:
    """Return the picture with each line shown from its time on; all at once for whoever wants no motion."""

    def timed(found: re.Match[str]) -> str:
        return f'{found[0]} style="animation-delay:{times[min(int(found[1]), len(times) - 1)]:.2f}s"'

    rules = (
        "@keyframes show{from{opacity:0}to{opacity:1}}"
        ".run-matrix text,.run-matrix rect{animation:show .01s both}"
        "@media (prefers-reduced-motion:reduce){.run-matrix text,.run-matrix rect{animation:none}}"
    )
    picture = re.sub(r'clip-path="url\(#run-line-(\d+)\)"', timed, picture)
    return picture.replace("</style>", f"{rules}</style>", 1)


def main(file: str) -> int:
    """Record into a file."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run(folder, ["sample", "."])
        run(folder, ["--create", "--doctypes", "v1", "apply", "--all"])
        run(folder, ["sample", "--rows"])
        Path(file).write_text(animated(*recorded(folder)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
