"""What differs between a DocType's wanted table and the live one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sodaf_nb.errors import PYTHON, Words
from sodaf_nb.schema import Column, Index, Table
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """A column whose shape changes; both sides bear the name it has afterwards.

    Args:
        before: The live column.
        after: The wanted one.
    """

    before: Column
    after: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRename:
    """A column that gets another name; its data moves along."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameCandidate:
    """A removed and an added column that may be one column renamed.

    Args:
        old: The column that is there.
        new: The field that is new.
        score: 0 to 1; higher is likelier.
        reasons: What speaks for it, in words.
    """

    old: str
    new: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SchemaDiff(Tabular):
    """The difference for one DocType.

    Args:
        doctype: The DocType.
        table: Its table as it should be called.
        created: The whole wanted table when there is none yet; else None.
        renamed_from: The table's present name when it is to be renamed; else None.
        added_columns: Fields without a column.
        removed_columns: Columns without a field that are to be dropped.
        orphan_columns: Columns without a field that are kept.
        modified_columns: Columns whose shape changes.
        renamed_columns: Columns that get another name.
        added_indexes: Wanted indexes that are missing, unnamed.
        removed_indexes: Indexes we made that are no longer wanted.
        candidates: Removed and added columns that may be renames, best first.
        unmanaged: Objects of the table that no DocType mentions; they are kept.
        reason: Why there is no table to compare; empty elsewhere.
        remarks: What is worth a look and changes nothing, a sentence each.
        words: How an answer is written where it is shown.
    """

    doctype: str
    table: str
    created: Table | None = None
    renamed_from: str | None = None
    added_columns: tuple[Column, ...] = ()
    removed_columns: tuple[Column, ...] = ()
    orphan_columns: tuple[Column, ...] = ()
    modified_columns: tuple[ColumnChange, ...] = ()
    renamed_columns: tuple[ColumnRename, ...] = ()
    added_indexes: tuple[Index, ...] = ()
    removed_indexes: tuple[Index, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    unmanaged: tuple[str, ...] = ()
    reason: str = ""
    remarks: tuple[str, ...] = ()
    words: Words = field(default_factory=lambda: PYTHON, compare=False)

    @property
    def has_changes(self) -> bool:
        """True when an apply would change something."""
        return bool(self.created or self.renamed_from or any(self._parts()))

    def _parts(self) -> tuple[tuple[object, ...], ...]:
        columns = (self.added_columns, self.removed_columns, self.modified_columns, self.renamed_columns)
        return (*columns, self.added_indexes, self.removed_indexes)

    @property
    def is_destructive(self) -> bool:
        """True when stored values may be lost: a dropped column or a changed type."""
        retyped = any(change.before.type != change.after.type for change in self.modified_columns)
        return bool(self.removed_columns) or retyped

    def pending_changes(self) -> int:
        """Return how many differences an apply would settle; kept columns are none."""
        return len(self.to_rows()) - len(self.orphan_columns)

    def heading(self) -> str:
        """Return the count in one line."""
        return f"Diff of {self.doctype}: {counted(self.pending_changes(), 'difference')}"

    def to_rows(self) -> list[Row]:
        """Return one row a difference: sign, what, name, now, wanted."""
        return [*self._table_rows(), *self._column_rows(), *self._index_rows()]

    def _table_rows(self) -> list[Row]:
        if self.created:
            return [_row("+", "table", self.table, "", counted(len(self.created.columns), "column"))]
        return [_row("~", "table", self.table, self.renamed_from, "renamed")] if self.renamed_from else []

    def _column_rows(self) -> list[Row]:
        renamed = [_row("~", "column", r.new, r.old, "renamed") for r in self.renamed_columns]
        added = [_row("+", "column", c.name, "", _shape(c)) for c in self.added_columns]
        changed = [_row("~", "column", c.after.name, _shape(c.before), _shape(c.after)) for c in self.modified_columns]
        removed = [_row("-", "column", c.name, _shape(c), "dropped") for c in self.removed_columns]
        kept = [_row("=", "column", c.name, _shape(c), "kept, no longer a field") for c in self.orphan_columns]
        return [*renamed, *added, *changed, *removed, *kept]

    def _index_rows(self) -> list[Row]:
        added = [_row("+", "index", ", ".join(i.columns), "", _kind(i)) for i in self.added_indexes]
        return [*added, *(_row("-", "index", ", ".join(i.columns), _kind(i), "dropped") for i in self.removed_indexes)]

    def empty_text(self) -> str:
        """Say that there is no difference, or why there is no table."""
        return self.reason or "No changes: the database matches the DocType."

    def notes(self) -> list[str]:
        """Return rename candidates, kept objects and remarks, a line each."""
        asked = [self._question(candidate) for candidate in self.candidates]
        kept = [f"Kept as it is: {name}." for name in self.unmanaged]
        return [*asked, *kept, *self.remarks]

    def _question(self, found: RenameCandidate) -> str:
        answer = self.words["rename"]((found.old, found.new))
        return (
            f"? {found.old} -> {found.new} may be a rename: {', '.join(found.reasons)}. If it is, answer with {answer}."
        )

    def in_words(self, words: Words) -> SchemaDiff:
        """Return it with its questions' answers as they are written on another surface."""
        return replace(self, words=words)


def _row(sign: str, what: str, name: str, now: object, wanted: str) -> Row:
    return {"": sign, "what": what, "name": name, "now": now, "wanted": wanted}


def _kind(index: Index) -> str:
    return "unique index" if index.unique else "index"


def _shape(column: Column) -> str:
    default = f" default {column.default!r}" if column.default is not None else ""
    return f"{column.type}{'' if column.nullable else ' not null'}{default}"
