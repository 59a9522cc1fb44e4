"""Writing a backup into a live table of a server.

Rows are not deleted and written anew: other tables may point at them, and a key that cascades would take theirs
along. Only rows that differ are touched, and where a cascade would still reach others, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sodaf_nb.database.postgres.held import PostgresFacts, held_still, load
from sodaf_nb.database.postgres.session import PostgresSession
from sodaf_nb.database.sidefile import SideDifference, SideFileError, TableFacts
from sodaf_nb.database.sidefile.into import Objects, named
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.sql.dialect import BACKUP
from sodaf_nb.sql.quoting import quote

_SOURCE = f"pg_temp.{BACKUP}"
_TRIGGERS = """
SELECT t.tgname, t.tgenabled::text FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
  AND t.tgrelid = ?::regclass ORDER BY 1"""
_CASCADES = """
SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = ?::regclass
  AND (confdeltype NOT IN ('a', 'r') OR confupdtype NOT IN ('a', 'r')) ORDER BY 1"""
_IDENTITY = "SELECT attname FROM pg_attribute WHERE attrelid = ?::regclass AND attidentity <> '' AND NOT attisdropped"


class PostgresRestoring:
    """A transaction on a server; the side file's rows are in a temporary table of it.

    Args:
        session: The transaction.
        namespace: The schema of the live tables.
    """

    def __init__(self, session: PostgresSession, namespace: str) -> None:
        self.session = session
        self._namespace = namespace

    def facts(self, table: str) -> TableFacts | None:
        """Return the facts of a live table."""
        if not self.session.has_table(table):
            return None
        with held_still(self.session) as held:
            return held.facts(table)

    def attach(self, path: Path, side: TableFacts) -> TableFacts:
        """Load a side file into a temporary table with the types that its columns had."""
        with _refusals():
            load(self.session, path)
        return PostgresFacts(**{name: getattr(side, name) for name in TableFacts.__dataclass_fields__})

    def same_shape(self, live: TableFacts, side: TableFacts) -> bool:
        """Return True when columns and key are the same; the order of columns does not count."""
        return (sorted(named(live)), live.lasting_key) == (sorted(named(side)), side.lasting_key)

    def difference(self, live: TableFacts, side: TableFacts) -> SideDifference:
        """Return what makes the rows of a live table those of the side file."""
        here, there = self._count(self._at(live.name)), self._count(_SOURCE)
        both, changed = self._pairs(side, side.lasting_key) if side.lasting_key else (self._common(side), 0)
        return SideDifference(added=there - both, changed=changed, removed=here - both)

    def columns_difference(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> SideDifference:  # noqa: ARG002
        """Return how many live rows hold other values."""
        return SideDifference(changed=self._pairs(side, key)[1])

    def create(self, side: TableFacts, objects: Objects | None, sequence: int | None) -> None:  # noqa: ARG002
        """Create a table with the side file's columns, key and rows.

        Raises:
            SideFileError: If the table itself is to come back: its constraints, grants and the like are not there.
        """
        if objects is not None:
            raise SideFileError(
                f"{side.name} is not there, and on this engine a backup has the rows without the table's definition; "
                "make the table first, by taking its drop back or applying its DocType"
            )
        key = f"ALTER TABLE {self._at(side.name)} ADD PRIMARY KEY ({_list(side.lasting_key)})"
        with _refusals():
            self.session.execute(f"CREATE TABLE {self._at(side.name)} AS TABLE {_SOURCE}")
            if side.lasting_key:
                self.session.execute(key)

    def replace(self, live: TableFacts, side: TableFacts, sequence: int | None) -> None:  # noqa: ARG002
        """Delete, change and add only the rows that differ; the numbering goes on behind the largest key."""
        table, names = self._at(live.name), _names(side)
        kept = " OVERRIDING SYSTEM VALUE" if self.session.rows(_IDENTITY, (table,)) else ""
        insert = f"INSERT INTO {table} ({_list(names)}){kept} SELECT {_list(names)} FROM {_SOURCE} AS b"
        self._require_no_cascade(live)
        with _refusals(), self._undisturbed(table):
            if not side.lasting_key:
                self.session.execute(f"DELETE FROM {table}")
                self.session.execute(insert)
                return
            same = _same_row(side.lasting_key)
            self.session.execute(
                f"DELETE FROM {table} AS t WHERE NOT EXISTS (SELECT 1 FROM {_SOURCE} AS b WHERE {same})"
            )
            self._update(table, side, side.lasting_key)
            self.session.execute(f"{insert} WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {same})")
            self._number_on(table)

    def update(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> tuple[int, int]:
        """Give the live rows the side file's values."""
        table = self._at(live.name)
        self._require_no_cascade(live)
        with _refusals(), self._undisturbed(table):
            self._update(table, side, key)
        both, different = self._pairs(side, key)
        return both, both - different

    def holds(self, side: TableFacts) -> bool:
        """Compare all rows by the texts the server writes of their values, duplicates counted."""
        rows = self._count(self._at(side.name))
        return rows == self._count(_SOURCE) == self._common(side)

    def is_taken(self, name: str) -> bool:
        """Return True when there is a relation of that name."""
        query = "SELECT 1 FROM pg_class WHERE relname = ? AND relnamespace = ?::regnamespace"
        return bool(self.session.rows(query, (name, quote(self._namespace))))

    def _at(self, table: str) -> str:
        return f"{quote(self._namespace)}.{quote(table)}"

    def _count(self, table: str) -> int:
        return int(self.session.value(f"SELECT count(*) FROM {table}"))

    def _common(self, side: TableFacts) -> int:
        texts = ", ".join(f"{quote(name)}::text" for name in _names(side))
        rows = f"SELECT {texts} FROM {self._at(side.name)} INTERSECT ALL SELECT {texts} FROM {_SOURCE}"
        return int(self.session.value(f"SELECT count(*) FROM ({rows}) AS common"))

    def _pairs(self, side: TableFacts, key: Sequence[str]) -> tuple[int, int]:
        """Return how many rows are on both sides, and how many of those hold other values."""
        query = f"SELECT count(*), count(*) FILTER (WHERE {_differs(side, key)}) FROM {self._at(side.name)} AS t"
        ((both, different),) = self.session.rows(f"{query} JOIN {_SOURCE} AS b ON {_same_row(key)}")
        return both, different

    def _update(self, table: str, side: TableFacts, key: Sequence[str]) -> None:
        values = [name for name in _names(side) if name not in key]
        if values:
            changes = ", ".join(f"{quote(name)} = b.{quote(name)}" for name in values)
            where = f"{_same_row(key)} AND ({_differs(side, key)})"
            self.session.execute(f"UPDATE {table} AS t SET {changes} FROM {_SOURCE} AS b WHERE {where}")

    def _require_no_cascade(self, live: TableFacts) -> None:
        found = [child for (child,) in self.session.rows(_CASCADES, (self._at(live.name),))]
        if found:
            raise SideFileError(
                f"keys of {', '.join(found)} would delete or change rows there along with those of {live.name}"
            )

    def _number_on(self, table: str) -> None:
        for (name,) in self.session.rows(_IDENTITY, (table,)):
            sequence = self.session.value("SELECT pg_get_serial_sequence(?, ?)", (table, name))
            largest = f"(SELECT MAX({quote(name)}) FROM {table})"
            self.session.rows(f"SELECT setval(?, {largest}) FROM {sequence} WHERE last_value < {largest}", (sequence,))

    @contextmanager
    def _undisturbed(self, table: str) -> Iterator[None]:
        """Run a block while the table's triggers are off."""
        found = self.session.rows(_TRIGGERS, (table,))
        for name, _state in found:
            self.session.execute(f"ALTER TABLE {table} DISABLE TRIGGER {quote(name)}")
        yield
        for name, state in found:
            always = "ALWAYS " if state == "A" else ""
            self.session.execute(f"ALTER TABLE {table} ENABLE {always}TRIGGER {quote(name)}")


def _names(side: TableFacts) -> list[str]:
    return [name for name, _type in side.columns]


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names))


def _same_row(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{quote(name)} = b.{quote(name)}" for name in key)


def _differs(side: TableFacts, key: Sequence[str]) -> str:
    # By their texts: not every type can be compared, and equal texts are equal values.
    values = [quote(name) for name in _names(side) if name not in key]
    return " OR ".join(f"t.{name}::text IS DISTINCT FROM b.{name}::text" for name in values) or "FALSE"


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except MigrationExecutionError as error:
        raise SideFileError(str(error.message).partition(": ")[2].rstrip(".")) from None
