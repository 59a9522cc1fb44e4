"""Values on a terminal: tables with rules, SQL in colour, progress that goes away. Needs rich."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from sodaf_nb.tabular import Row, Tabular, printable

# Words that open a note or an error and say how bad it is.
_STYLES = {"BLOCK": "bold red", "ERROR": "bold red", "WARN": "yellow", "!": "yellow", "ACCEPTED": "magenta"}

# Shorter work is over before a person wonders.
_SILENT_S = 1.0


def show(console: Console, value: Tabular) -> None:
    """Write a value; names and values out of a database are never taken for markup or control sequences."""
    rows = value.to_rows()
    console.print(Text(printable(value.heading()), style="bold"))
    if rows:
        console.print(_table(rows))
    elif value.empty_text():
        console.print(Text(value.empty_text()))
    for note in value.notes():
        console.print(_note(printable(note)))
    for title, text in value.text_code():
        console.print(Text(f"{title}:", style="bold"))
        console.print(_block(title, text))


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else printable(str(cell))) for cell in row.values()))
    return table


def _note(text: str) -> Text:
    word = text.split(" ", 1)[0]
    note = Text(text)
    note.stylize(_STYLES.get(word, ""), 0, len(word))
    return note


def _block(title: str, text: str) -> Syntax | Text:
    lines = "\n".join(map(printable, text.split("\n")))
    return Syntax(lines, "sql", theme="ansi_dark", word_wrap=True) if title.endswith("SQL") else Text(lines)


def show_error(console: Console, lines: Sequence[str]) -> None:
    """Write the lines of an error, its class and code in red."""
    kind, found, rest = lines[0].partition(":")
    console.print(Text.assemble((kind, "bold red"), f"{found}{rest}"))
    for line in lines[1:]:
        console.print(Text(line))


@contextmanager
def progress(console: Console, *, silent_s: float = _SILENT_S) -> Iterator[Callable[[str, int, int], None]]:
    """Yield what is told of each step; after `silent_s` seconds it shows a line that goes away at the end."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    shown, started = Progress(*columns, console=console, transient=True), time.monotonic()
    task = shown.add_task("", total=None)

    def report(what: str, done: int, total: int) -> None:
        shown.update(task, description=printable(what), completed=done, total=total)
        if time.monotonic() - started > silent_s:
            shown.start()  # does nothing the second time

    try:
        yield report
    finally:
        shown.stop()
