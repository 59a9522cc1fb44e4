"""Full-text indexes over a table's own content: told of values that a step writes.

Such an index (FTS5 or FTS4 with `content=`) holds no text of its own. The application's triggers keep it up
to date, and they do not fire while a migration writes, so it is built anew from its content. That is exact
only when it held all of its content before; one that holds a part by choice is refused, not filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sodaf_nb.plan import AlterColumn, DedupeColumn, Operation, RestoreColumn, RetargetReference
from sodaf_nb.schema.closure import mentions
from sodaf_nb.sql.dialect import Rows
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_tokens import tokens
from sodaf_nb.sql.quoting import quote
from sodaf_nb.sql.script import Check

_USING = re.compile(r"\bUSING\s+(fts[45])\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A full-text index over content that is not its own.

    Args:
        name: Its name.
        module: `fts4` or `fts5`.
        content: The table or view that has the content.
    """

    name: str
    module: str
    content: str

    @property
    def rebuild(self) -> str:
        """The statement that builds it anew from its content."""
        return f"INSERT INTO {quote(self.name)} ({quote(self.name)}) VALUES ('rebuild')"

    @property
    def check(self) -> str:
        """The statement that the engine refuses when the index and its content differ."""
        name = quote(self.name)
        if self.module == "fts4":
            return f"INSERT INTO {name} ({name}) VALUES ('integrity-check')"
        # Without the 1 FTS5 looks at the index alone.
        return f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)"


def over_content(source: Rows) -> list[FullText]:
    """Return the full-text indexes over content of other tables or views."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%content%'"
    found = (_read(name, sql) for name, sql in source.rows(query))
    return [index for index in found if index is not None]


def _read(name: str, sql: str) -> FullText | None:
    module = _USING.search(sql)
    words = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    pairs = zip(words, words[1:], words[2:], strict=False)
    values = (value.name for key, mark, value in pairs if key.key == "CONTENT" and mark.key == "=")
    content = next(values, "")  # empty: contentless, it has nothing to be compared with
    return FullText(name=name, module=module[1].lower(), content=content) if module and content else None


def concerned(batch: Sequence[Operation], source: Rows) -> list[FullText]:
    """Return the indexes over content that operations on one table may write."""
    indexes = over_content(source)
    return [index for index in indexes if any(_concerns(operation, index, source) for operation in batch)]


def told(indexes: Sequence[FullText]) -> list[str]:
    """Return the statements after which indexes know the new values."""
    return [index.rebuild for index in indexes]


def checks(indexes: Sequence[FullText]) -> tuple[Check, ...]:
    """Return what must hold before and after indexes are built anew."""
    return tuple(
        Check(
            statement=index.check,
            otherwise=f"The full-text index {index.name} does not hold exactly the content of {index.content}, so it "
            "cannot be brought up to date without changing what it finds",
            hint=f"fill it with {index.rebuild} if it may hold all rows, or drop it and make it again afterwards",
        )
        for index in indexes
    )


def _concerns(operation: Operation, index: FullText, source: Rows) -> bool:
    written = set(_written(operation, source))
    if not written or not isinstance(operation, (AlterColumn, DedupeColumn, RestoreColumn, RetargetReference)):
        return False
    if index.content.lower() != operation.table.lower():
        return _reads(source, index.content, operation.table)
    columns = source.rows("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (index.name,))
    return "" in written or not written.isdisjoint(name.lower() for (name,) in columns)


def _written(operation: Operation, source: Rows) -> Iterator[str]:
    """Yield the columns, in lower case, whose values an operation may write; an empty name stands for the rowid."""
    match operation:
        case AlterColumn(table=table, before=before, after=after):
            converts = not spelling.keeps_values(before.type, after.type)
            if converts or (before.nullable and spelling.filler(after, operation.backfill) is not None):
                yield before.name.lower()
            if converts and _is_key(source, table, before.name):
                yield ""  # a number key is the rowid
        case RestoreColumn(column=column, key=key):
            yield column.lower()
            if column == key:
                yield ""
        case RetargetReference(column=column) | DedupeColumn(column=column, undone=False):
            yield column.lower()
        case _:
            return


def _is_key(source: Rows, table: str, column: str) -> bool:
    query = "SELECT 1 FROM pragma_table_xinfo(?) WHERE pk AND lower(name) = ?"
    return bool(source.rows(query, (table, column.lower())))


def _reads(source: Rows, view: str, table: str) -> bool:
    """Return True when a view reads a table, maybe through other views."""
    views = dict(source.rows("SELECT lower(name), sql FROM sqlite_master WHERE type = 'view'"))
    seen, ahead = set[str](), [view.lower()]
    while ahead:
        name = ahead.pop()
        seen.add(name)
        if mentions(views.get(name), table):
            return True
        ahead += [other for other in views if other not in seen and mentions(views.get(name), other)]
    return False
