"""What a change of rows wrote: counted exactly, and noted in a table, so that later writes are told from its own.

The rows as they were stand in a temporary table meanwhile. Noted are keys and the values written; what was there
before is in the backup alone, so that rows which a patch deleted do not live on in the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from sodaf_nb.database.session import Session
from sodaf_nb.database.sidefile.facts import TableFacts
from sodaf_nb.database.sidefile.rows import same_row, same_values
from sodaf_nb.database.uniqueness import SAMPLES
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Effect

COPY = "sodaf_rows"
_PLACE = "sodaf_place"
NOTES = "tabMigrationPatch"

# Without declared types every value keeps its storage class; the key is the one of this table alone.
_NOTES_SQL = (
    f'CREATE TABLE IF NOT EXISTS main.{quote(NOTES)} ("mark" TEXT NOT NULL, "what" TEXT NOT NULL, "key" NOT NULL, '
    '"column" TEXT NOT NULL, "value", PRIMARY KEY ("mark", "what", "column", "key")) WITHOUT ROWID'
)
_ONE = f"INSERT INTO main.{quote(NOTES)} VALUES (?, ?, ?, ?, ?)"
_MANY = f"INSERT INTO main.{quote(NOTES)} "

# SQLite takes 2000 columns in a result; each column asks three of them.
_AT_ONCE = 100


class Notes:
    """The rows of one table before a change of rows, and after it what became of them.

    Args:
        session: The transaction.
        facts: The table; its lasting key is one column.
        mark: The word that everything is noted under.
    """

    def __init__(self, session: Session, facts: TableFacts, mark: str) -> None:
        self._session = session
        self._facts = facts
        self._mark = mark
        (self.key,) = (quote(name) for name in facts.lasting_key)
        self.table = f"main.{quote(facts.name)}"
        self.values = [name for name in facts.stored() if name != self.key]
        self._number = self._counter()
        self._same = same_row([self.key])
        self._both = f"temp.{COPY} AS a JOIN {self.table} AS b ON {self._same}"

    def copy(self) -> None:
        """Put the rows as they are aside."""
        # A REPLACE gives a row another rowid under the same key; the free name keeps it from hiding a column.
        columns = ", ".join([f"{self.key} PRIMARY KEY", *self.values, _PLACE])
        self._session.execute(f"CREATE TEMP TABLE {COPY} ({columns}) WITHOUT ROWID")
        names = ", ".join([self.key, *self.values])
        query = f"SELECT {names}, {self._place()} FROM {self.table}"
        self._session.execute(f"INSERT INTO temp.{COPY} ({names}, {_PLACE}) {query}")

    def moved(self) -> bool:
        """Tell whether a row was replaced rather than updated, so that its rowid is another one."""
        place = self._place()
        return place != "NULL" and bool(
            self._session.rows(f"SELECT 1 FROM {self._both} WHERE a.{_PLACE} <> b.{place} LIMIT 1")
        )

    def _place(self) -> str:
        return str(self._facts.rowid) if self._facts.carries_rowid else "NULL"

    def drop(self) -> None:
        """Throw the rows as they were away."""
        self._session.execute(f"DROP TABLE temp.{COPY}")

    def write(self) -> Effect:
        """Note what became of the rows since they were put aside, and return it."""
        self._session.execute(_NOTES_SQL)
        filled, overwritten = self._changed()
        changed = [name for name in self.values if name in filled or name in overwritten]
        for name in changed:
            self._note("changed", name, f"{self._both} WHERE NOT ({same_values([name])})")
        made = f"{self.table} AS b WHERE NOT EXISTS (SELECT 1 FROM temp.{COPY} AS a WHERE {self._same})"
        for name in self.values:
            self._note("made", name, made)
        gone = f"temp.{COPY} AS a WHERE NOT EXISTS (SELECT 1 FROM {self.table} AS b WHERE {self._same})"
        self._session.execute(f"{_MANY} SELECT ?, 'gone', a.{self.key}, '', NULL FROM {gone}", (self._mark,))
        self._note_counter()
        return Effect(
            inserted=self._count(f"SELECT count(*) FROM {made}"),
            updated=self._count(f"SELECT count(*) FROM {self._both} WHERE {_any(changed)}"),
            deleted=self._count(f"SELECT count(*) FROM {gone}"),
            filled=MappingProxyType(_plain(filled)),
            overwritten=MappingProxyType(_plain(overwritten)),
            samples=MappingProxyType(self._samples(gone, list(overwritten))),
        )

    def _changed(self) -> tuple[dict[str, int], dict[str, int]]:
        filled, overwritten = dict[str, int](), dict[str, int]()
        for start in range(0, len(self.values), _AT_ONCE):
            names = self.values[start : start + _AT_ONCE]
            sums = (f"sum({_when_other(n, f'a.{n} IS {test}')})" for n in names for test in ("NULL", "NOT NULL"))
            (found,) = self._session.rows(f"SELECT {', '.join(sums)} FROM {self._both}")
            filled |= {n: int(c) for n, c in zip(names, found[::2], strict=True) if c}
            overwritten |= {n: int(c) for n, c in zip(names, found[1::2], strict=True) if c}
        return filled, overwritten

    def _note(self, what: str, name: str, source: str) -> None:
        text = f"{_MANY} SELECT ?, ?, b.{self.key}, ?, b.{name} FROM {source}"
        self._session.execute(text, (self._mark, what, _bare(name)))

    def _counter(self) -> int | None:
        return self._session.counters([self._facts.name]).get(self._facts.name) if self._numbered() else None

    def _numbered(self) -> bool:
        return bool(self._session.rows("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'"))

    def _note_counter(self) -> None:
        now = self._counter()
        if now != self._number:
            self._session.execute(_ONE, (self._mark, "number", 0, "before", self._number))
            self._session.execute(_ONE, (self._mark, "number", 0, "after", now))

    def _count(self, query: str) -> int:
        return int(self._session.value(query))

    def _samples(self, gone: str, overwritten: Sequence[str]) -> dict[str, tuple[str, ...]]:
        tests = {n: f"NOT ({same_values([n])}) AND a.{n} IS NOT NULL" for n in overwritten}
        sources = {"": gone, **{_bare(n): f"{self._both} WHERE {test}" for n, test in tests.items()}}
        return {what: self._keys(source) for what, source in sources.items()}

    def _keys(self, source: str) -> tuple[str, ...]:
        query = f"SELECT CAST(a.{self.key} AS TEXT) FROM {source} ORDER BY a.{self.key} LIMIT {SAMPLES}"
        return tuple(str(key) for (key,) in self._session.rows(query))


def _when_other(name: str, test: str) -> str:
    # CASE, because SQLite works out both sides of an AND whose value is wanted, and the sign of a text is none.
    return f"CASE WHEN {same_values([name])} THEN 0 ELSE {test} END"


def _any(names: Sequence[str]) -> str:
    return f"NOT ({same_values(names)})" if names else "0"


def _plain(found: dict[str, int]) -> dict[str, int]:
    return {_bare(name): count for name, count in found.items()}


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"')


def noted_columns(session: Session, mark: str, what: str) -> Iterator[str]:
    """Yield the columns of which something was noted."""
    query = f'SELECT DISTINCT "column" FROM main.{quote(NOTES)} WHERE "mark" = ? AND "what" = ?'
    yield from (str(name) for (name,) in session.rows(query, (mark, what)))


def noted_numbers(session: Session, mark: str) -> dict[str, Any]:
    """Return the engine's counter before and after, where it moved."""
    query = f'SELECT "column", "value" FROM main.{quote(NOTES)} WHERE "mark" = ? AND "what" = \'number\''
    return {str(name): value for name, value in session.rows(query, (mark,))}


def has_notes(session: Session, mark: str) -> bool:
    """Tell whether anything was noted under a word."""
    query = f'SELECT 1 FROM main.{quote(NOTES)} WHERE "mark" = ? LIMIT 1'
    return session.has_table(NOTES) and bool(session.rows(query, (mark,)))


def forget(session: Session, mark: str) -> None:
    """Delete what was noted under a word."""
    session.execute(f'DELETE FROM main.{quote(NOTES)} WHERE "mark" = ?', (mark,))
