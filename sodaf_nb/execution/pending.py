"""Which DocTypes the database does not match yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import SodafError
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pending(Tabular):
    """DocTypes that wait for a migration, in the order in which all would be applied.

    Args:
        diffs: What differs, of each.
        failed: DocTypes that could not be compared: (name, error).
    """

    diffs: tuple[SchemaDiff, ...] = ()
    failed: tuple[tuple[str, SodafError], ...] = ()

    def heading(self) -> str:
        """Return the count in one line."""
        return f"Pending: {counted(len(self.diffs) + len(self.failed), 'DocType')}"

    def to_rows(self) -> list[Row]:
        """Return one row a DocType."""
        found: list[Row] = [{"doctype": d.doctype, "differences": len(d.to_rows()), "error": ""} for d in self.diffs]
        return [*found, *({"doctype": n, "differences": None, "error": e.message} for n, e in self.failed)]

    def empty_text(self) -> str:
        """Say that nothing waits."""
        return "The database matches every loaded DocType."


def pending(names: Iterable[str], compare: Callable[[str], SchemaDiff]) -> Pending:
    """Return the DocTypes whose tables differ from what they say.

    Args:
        names: The DocTypes, in the order in which they would be applied.
        compare: Compares one.
    """
    diffs, failed = [], []
    for name in names:
        try:
            diffs.append(compare(name))
        except SodafError as error:
            failed.append((name, error))
    return Pending(diffs=tuple(d for d in diffs if d.has_changes), failed=tuple(failed))
