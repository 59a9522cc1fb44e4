"""Changes of rows alone: a data step somebody wrote, and the way back of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sodaf_nb.options import ConflictPolicy
from sodaf_nb.schema import fingerprint, storable

Language = Literal["sql", "python"]


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RunPatch:
    """Run a data step that somebody wrote, on the rows of one table.

    Args:
        table: The only table it writes.
        name: What it is called in the history.
        language: Whether the body is SQL statements, or Python that makes changes from rows.
        body: Its text.
        columns: Columns of rows that were there whose values it writes, found by running it on a copy.
        inserts: True when it may make rows.
        deletes: True when it may take rows away.
    """

    table: str
    name: str
    language: Language
    body: str
    columns: tuple[str, ...] = ()
    inserts: bool = False
    deletes: bool = False

    @property
    def digest(self) -> str:
        """The hash of what it does: its table, language and body; two of one name are told apart by it."""
        return fingerprint([self.table, self.language, self.body])

    @property
    def mark(self) -> str:
        """The word under which what it wrote is noted."""
        return f"patch {self.name} {self.digest}"

    def reverse(self) -> RunPatch:
        """Return itself: structure stays, and rows come back by `undone`."""
        return self

    def undone(self, undoes: str, on_conflict: ConflictPolicy) -> RestoreRows:
        """Return the way back of it, as part of the rollback of a migration."""
        return _way_back(self, undoes, on_conflict)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRows:
    """Bring back the rows that a change of rows alone overwrote or took away, and take away those it made.

    Args:
        table: The table.
        name: The name of the patch it all began with.
        noted: The word under which the change that it takes back was noted.
        mark: The word under which its own changes are noted, so that they can be taken back as well.
        columns: Columns whose values come back.
        inserts: True when it may make rows again.
        deletes: True when it may take rows away.
        on_conflict: What becomes of values that were edited since.
    """

    table: str
    name: str
    noted: str
    mark: str
    columns: tuple[str, ...] = ()
    inserts: bool = False
    deletes: bool = False
    on_conflict: ConflictPolicy = "keep_newer"

    def reverse(self) -> RestoreRows:
        """Return itself: structure stays, and rows come back by `undone`."""
        return self

    def undone(self, undoes: str, on_conflict: ConflictPolicy) -> RestoreRows:
        """Return the way back of it, as part of the rollback of a migration."""
        return _way_back(self, undoes, on_conflict)


RowChange = RunPatch | RestoreRows


def _way_back(change: RowChange, undoes: str, on_conflict: ConflictPolicy) -> RestoreRows:
    return RestoreRows(
        table=change.table,
        name=change.name,
        noted=change.mark,
        mark=f"undo {undoes}",
        columns=change.columns,
        inserts=change.deletes,
        # A row made again under the key of a deleted one goes as well, where older values win.
        deletes=change.inserts or (change.deletes and on_conflict == "take_older"),
        on_conflict=on_conflict,
    )


def endangered_by(change: RowChange) -> Iterator[tuple[str, str | None]]:
    """Yield (table, column) of the values it may take away; column None means whole rows."""
    if change.deletes:
        yield change.table, None
    else:
        yield from ((change.table, column) for column in change.columns)


def row_change(change: RowChange) -> tuple[str, str, str]:
    """Return a change as a person reads it: sign (* <), object, and what becomes of it."""
    thing = f"{change.table} ({change.name})"
    if isinstance(change, RestoreRows):
        return "<", thing, f"what the patch changed comes back; {_LATER_WRITES[change.on_conflict]}"
    parts = [f"writes {', '.join(change.columns)}"] if change.columns else []
    parts += ["inserts rows"] * change.inserts + ["deletes rows"] * change.deletes
    return "*", thing, f"{_LANGUAGES[change.language]} patch {', '.join(parts)}"


_LANGUAGES: Mapping[Language, str] = MappingProxyType({"sql": "SQL", "python": "Python"})
_LATER_WRITES: Mapping[ConflictPolicy, str] = MappingProxyType(
    {
        "keep_newer": "later writes stay",
        "take_older": "later writes are overwritten",
        "stop": "a later write stops it",
    }
)
