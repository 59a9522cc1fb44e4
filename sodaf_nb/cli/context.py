"""The session of one command line: it connects and loads when a command first asks, and not before."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sodaf_nb.cli.arguments import DATABASE_VARIABLE, PROGRAM
from sodaf_nb.commands import Connection, Context, run_words
from sodaf_nb.errors import UsageError

if TYPE_CHECKING:
    from sodaf_nb.doctype import DocTypeEngine
    from sodaf_nb.options import ApplyOptions


class ShellContext(Context):
    """What one command line works on; a broken database does not keep `help` from answering.

    Args:
        options: Choices for its connection.
        connect: The words of the `connect` that opens its database; None when none was named.
        paths: Files and folders of DocTypes.
    """

    def __init__(self, options: ApplyOptions, *, connect: Sequence[str] | None, paths: Sequence[str]) -> None:
        super().__init__(program=PROGRAM, options=options)
        self._connect = connect
        self._paths = paths

    @cached_property
    def doctypes(self) -> DocTypeEngine:
        """The DocTypes of its paths."""
        from sodaf_nb.doctype import DocTypeEngine  # noqa: PLC0415  light start

        made = DocTypeEngine()
        for path in (path for path in self._paths if not _is_empty(path)):
            made.load(path)
        return made

    @property
    def has_database(self) -> bool:
        """True when a database was named."""
        return self._connect is not None

    @property
    def connection(self) -> Connection:
        """Its database, opened when first asked for.

        Raises:
            UsageError: If none was named.
        """
        if not self.connections:
            if self._connect is None:
                raise UsageError(
                    "No database is named.", hint=f"give --database shop.db, or set the variable {DATABASE_VARIABLE}"
                )
            for remark in run_words(self, self._connect).notes():
                sys.stderr.write(f"{remark}\n")  # what a crash left behind is settled by now, and said once
        return super().connection


def _is_empty(path: str) -> bool:
    """Tell whether a folder is there and holds no JSON, as in a project that was just begun."""
    return Path(path).is_dir() and next(Path(path).rglob("*.json"), None) is None
