"""The closed family of schema changes; each knows its reverse and the data it endangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from sodaf_nb.options import ConflictPolicy, Dedupe
from sodaf_nb.plan.patches import RestoreRows, RunPatch, endangered_by
from sodaf_nb.schema import Column, Index, Table, storable
from sodaf_nb.schema.room import lengthens


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable:
    """Make a table with its indexes."""

    table: Table

    def reverse(self) -> DropTable:
        """Return the drop of that table."""
        return DropTable(table=self.table)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable:
    """Drop a table; carries all of it, so the reverse needs no guess."""

    table: Table

    def reverse(self) -> CreateTable:
        """Return the making of that table."""
        return CreateTable(table=self.table)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable:
    """Give a table another name."""

    old: str
    new: str

    def reverse(self) -> RenameTable:
        """Return the way back."""
        return RenameTable(old=self.new, new=self.old)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn:
    """Add a column.

    Args:
        table: The table's name.
        column: The column.
        after: The column it stands behind; None puts it last, the empty string first.
        backfill: A value for the rows that are there; None leaves them to the column's default.
    """

    table: str
    column: Column
    after: str | None = None
    backfill: str | int | float | None = None

    def reverse(self) -> DropColumn:
        """Return the drop of that column."""
        return DropColumn(table=self.table, column=self.column, after=self.after, filler=self.backfill)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn:
    """Drop a column; carries the column and its place.

    Args:
        table: The table's name.
        column: The column.
        after: The column it stands behind; None: it stands last, the empty string: first.
        filler: The value that the change taken back gave to the rows it found: no loss where it still stands. None
            when it gave none.
    """

    table: str
    column: Column
    after: str | None = None
    filler: str | int | float | None = None

    def reverse(self) -> AddColumn:
        """Return the adding of that column at its old place, filled as it was when it was first added."""
        return AddColumn(table=self.table, column=self.column, after=self.after, backfill=self.filler)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn:
    """Give a column another name."""

    table: str
    old: str
    new: str

    def reverse(self) -> RenameColumn:
        """Return the way back."""
        return RenameColumn(table=self.table, old=self.new, new=self.old)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumn:
    """Change a column's type, nullability, default or numbering; both sides bear the same name.

    Args:
        table: The table's name.
        before: The column as it is.
        after: The column as it will be.
        backfill: A value for rows that hold NULL, used when `after` is NOT NULL.
        filler: The value that the change taken back gave to rows that held NULL; None when it gave none.
    """

    table: str
    before: Column
    after: Column
    backfill: str | int | float | None = None
    filler: str | int | float | None = None

    def reverse(self) -> AlterColumn:
        """Return the change back; reversed once more, it fills again what it filled."""
        return AlterColumn(
            table=self.table, before=self.after, after=self.before, backfill=self.filler, filler=self.backfill
        )

    @property
    def retypes(self) -> bool:
        """True when stored values may have to be converted."""
        return self.before.type != self.after.type

    @property
    def lengthens(self) -> bool:
        """True when a text may only become longer: no value is in doubt then, so none has to be looked at."""
        return self.retypes and lengthens(self.before.type, self.after.type)

    @property
    def only_lengthens(self) -> bool:
        """True when nothing else about the column changes."""
        return self.lengthens and replace(self.before, type=self.after.type).shape() == self.after.shape()

    @property
    def fills(self) -> bool:
        """True when rows that hold NULL get a value, so that nobody could tell afterwards which did."""
        becomes_required = self.before.nullable and not self.after.nullable
        return self.backfill is not None or (becomes_required and self.after.default is not None)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex:
    """Make an index; its name is set."""

    index: Index

    def reverse(self) -> DropIndex:
        """Return the drop of that index."""
        return DropIndex(index=self.index)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex:
    """Drop an index; its name is set."""

    index: Index

    def reverse(self) -> CreateIndex:
        """Return the making of that index."""
        return CreateIndex(index=self.index)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RetargetReference:
    """Write a renamed DocType's new name where rows name the DocType.

    Args:
        table: The table whose rows name it.
        column: The column that holds DocType names.
        old: The former DocType name.
        new: The present one.
    """

    table: str
    column: str
    old: str
    new: str

    def reverse(self) -> RetargetReference:
        """Return the way back."""
        return replace(self, old=self.new, new=self.old)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeColumn:
    """Let only one of the rows that share a value keep it: the one with the lowest key.

    Args:
        table: The table's name.
        column: The column's name.
        how: What the others get: nothing, or the value with their key behind it.
        key: The key's column.
        undone: True on the way back, where nothing is left to do: what was changed comes back from the backup.
    """

    table: str
    column: str
    how: Dedupe
    key: str
    undone: bool = False

    def reverse(self) -> DedupeColumn:
        """Return the way back, which lets rows share values again; reversed once more, it changes them again."""
        return replace(self, undone=not self.undone)


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreColumn:
    """Bring one column's backed-up values back; rows written since keep theirs.

    Args:
        table: The table, by the name it had when the backup was taken.
        column: The column, by that name too.
        key: The key's column.
        retyped: The conversion to look through; None when the column had been dropped.
        key_retyped: The conversion the key went through; None when it did not change.
        deduped: What was done before that to rows that shared a value; None when nothing was.
        on_conflict: What becomes of a value that was edited since: it stays, the backed-up one comes back all the
            same, or nothing is done at all.
    """

    table: str
    column: str
    key: str
    retyped: AlterColumn | None = None
    key_retyped: AlterColumn | None = None
    deduped: DedupeColumn | None = None
    on_conflict: ConflictPolicy = "keep_newer"

    @property
    def finds_edits(self) -> bool:
        """True when rows are there whose values people may have edited since; a dropped column had none."""
        return self.retyped is not None or self.deduped is not None

    def reverse(self) -> RestoreColumn:
        """Return itself: taking a restore back is left to the operations around it."""
        return self


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTable:
    """Bring all backed-up rows of a dropped table back into the table made anew."""

    table: Table

    def reverse(self) -> RestoreTable:
        """Return itself: the drop of the table takes the rows away."""
        return self


Operation = (
    CreateTable
    | DropTable
    | RenameTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | CreateIndex
    | DropIndex
    | RetargetReference
    | DedupeColumn
    | RestoreColumn
    | RestoreTable
    | RunPatch
    | RestoreRows
)
ROW_CHANGES = (RunPatch, RestoreRows)
# What changes no structure, so that the way back of the structure passes over it.
RESTORES = (RestoreColumn, RestoreTable, *ROW_CHANGES)


def table_of(operation: Operation) -> str:
    """Return the name of the table an operation touches, as it is before the operation."""
    match operation:
        case CreateTable(table=table) | DropTable(table=table) | RestoreTable(table=table):
            return table.name
        case RenameTable(old=old):
            return old
        case CreateIndex(index=index) | DropIndex(index=index):
            return index.table
        case AddColumn() | DropColumn() | RenameColumn() | AlterColumn():
            return operation.table
        case RetargetReference() | DedupeColumn() | RestoreColumn():
            return operation.table
        case RunPatch(table=name) | RestoreRows(table=name):
            return name
        case _:
            assert_never(operation)


def endangered(operation: Operation) -> Iterator[tuple[str, str | None]]:
    """Yield (table, column) of the data an operation may take away; column None means every column."""
    match operation:
        case DropTable(table=table):
            yield table.name, None
        case DropColumn(table=table, column=column):
            yield table, column.name
        case AlterColumn(table=table, before=before) if operation.retypes or operation.fills:
            yield table, before.name
        case DedupeColumn(table=table, column=column_name, undone=False):
            yield table, column_name
        case RunPatch() | RestoreRows():
            yield from endangered_by(operation)
        case _:
            return
