"""How an answer is written: as text for people, or as one JSON document for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from sodaf_nb.errors import BlockedMigrationError, SodafError
from sodaf_nb.schema import encode
from sodaf_nb.tabular import Tabular, printable

if TYPE_CHECKING:
    from rich.console import Console

    from sodaf_nb.validation.findings import Finding

FORMAT = 1
"""Version of the JSON document; a field that goes or changes its meaning raises it, a new one does not."""


class Answer(Protocol):
    """Where the outcome of a command goes."""

    def value(self, command: str, value: Tabular, code: int) -> None:
        """Write what a command returned."""

    def error(self, command: str, error: SodafError, code: int) -> None:
        """Write why a command failed."""


@dataclass(frozen=True, slots=True)
class Json:
    """One JSON document on stdout, for a value and for an error; its schema is `sodaf_nb/cli/answer.schema.json`."""

    def value(self, command: str, value: Tabular, code: int) -> None:
        """Write heading, rows, notes and blocks; `data` has all fields of values that have more."""
        _dump(command, code, result=_result(value))

    def error(self, command: str, error: SodafError, code: int) -> None:
        """Write the error with its code, its next step and the findings behind it."""
        _dump(command, code, error=_error(error))


def _dump(command: str, code: int, **outcome: Any) -> None:
    document = {"format": FORMAT, "command": command, "exit_code": code, **outcome}
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _result(value: Tabular) -> dict[str, Any]:
    full = getattr(value, "to_json", None)
    return {
        "kind": type(value).__name__,
        "heading": value.heading(),
        "rows": [{str(name): _plain(cell) for name, cell in row.items()} for row in value.frame_rows()],
        "notes": list(value.notes()),
        "blocks": [{"title": title, "text": text} for title, text in value.code()],
        "data": json.loads(full()) if full else None,
    }


def _plain(cell: object) -> Any:
    """Return a value of a row as JSON; what JSON cannot hold becomes text, as people see it."""
    return cell if cell is None or isinstance(cell, (bool, int, str)) else str(cell)


def _error(error: SodafError) -> dict[str, Any]:
    findings: tuple[Finding, ...] = error.findings if isinstance(error, BlockedMigrationError) else ()
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "details": list(error.details),
        "findings": [encode(finding) for finding in findings],
    }


@dataclass(frozen=True, slots=True)
class Text:
    """Text on stdout, errors on stderr: as it is into a file or a pipe, as coloured tables on a terminal.

    Args:
        color: `auto` colours what a terminal shows, unless the variable NO_COLOR is set.
    """

    color: str = "auto"

    def value(self, command: str, value: Tabular, code: int) -> None:  # noqa: ARG002  the same call for each form
        """Write the value as its heading, table, notes and blocks."""
        if self._is_plain(sys.stdout):
            sys.stdout.write(f"{value!r}\n")
            return
        from sodaf_nb.cli.terminal import show  # noqa: PLC0415  rich takes 50 ms that a pipe need not wait

        show(self._console(sys.stdout), value)

    def error(self, command: str, error: SodafError, code: int) -> None:  # noqa: ARG002  the same
        """Write the error in a line, and one for each detail."""
        lines = [printable(line) for line in error._render_traceback_()]
        if self._is_plain(sys.stderr):
            sys.stderr.write("\n".join(lines) + "\n")
            return
        from sodaf_nb.cli.terminal import show_error  # noqa: PLC0415  as above

        show_error(self._console(sys.stderr), lines)

    def _is_plain(self, stream: TextIO) -> bool:
        return self.color != "always" and not stream.isatty()

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console  # noqa: PLC0415  as above

        return Console(
            file=stream,
            force_terminal=True if self.color == "always" else None,
            no_color=True if self.color == "never" else None,
            highlight=False,
            emoji=False,
            markup=False,
        )
