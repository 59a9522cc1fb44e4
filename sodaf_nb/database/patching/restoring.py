"""The way back of a change of rows: from its notes and the backup that was taken before it, later writes kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sodaf_nb.database.patching.notes import NOTES, forget, noted_columns, noted_numbers
from sodaf_nb.database.session import Session
from sodaf_nb.database.sidefile.facts import TableFacts
from sodaf_nb.database.sidefile.rows import same_row, same_values
from sodaf_nb.database.uniqueness import SAMPLES
from sodaf_nb.plan import RestoreRows
from sodaf_nb.sql.dialect import BACKUP
from sodaf_nb.sql.quoting import quote

Found = tuple[str, int, tuple[str, ...]]
"""(what was edited since, how many values or rows, keys of up to five of them)"""

_GOAL = "sodaf_goal"


class WayBack:
    """Takes one change of rows back.

    Args:
        session: The transaction; the backup is attached where values come back.
        facts: The table as it is now.
        change: What to take back, and what becomes of later writes.
    """

    def __init__(self, session: Session, facts: TableFacts, change: RestoreRows) -> None:
        self._session = session
        self._facts = facts
        self._change = change
        (name,) = facts.lasting_key
        self._key = quote(name)
        self._table = f"main.{quote(facts.name)}"
        self._backup = f"{quote(BACKUP)}.{quote(facts.name)}"
        self._same = same_row([self._key])
        self._older = change.on_conflict == "take_older"
        self.found: list[Found] = []

    def run(self) -> None:
        """Take it back: rows it made go, values it overwrote and rows it deleted come back."""
        with self._undisturbed():
            self._remove_made()
            self._give_back_values()
            self._give_back_rows()
            self._turn_back_counter()
        forget(self._session, self._change.noted)

    def _noted(self, what: str, name: str = "") -> str:
        """Return the SQL of what was noted of one column, as a table with its key and the value written."""
        here = f"""SELECT "key" AS {self._key}{f', "value" AS {quote(name)}' if name else ""}"""
        return f'({here} FROM main.{quote(NOTES)} WHERE "mark" = ? AND "what" = \'{what}\' AND "column" = ?)'

    def _params(self, name: str = "") -> tuple[str, str]:
        return self._change.noted, name

    def _remove_made(self) -> None:
        columns = list(noted_columns(self._session, self._change.noted, "made"))
        key = f'SELECT DISTINCT "key" AS {self._key} FROM main.{quote(NOTES)} WHERE "mark" = ? AND "what" = \'made\''
        with self._table_of("sodaf_edited", f"{self._key} PRIMARY KEY"):
            for name in columns:
                pair = f"{self._noted('made', name)} AS a JOIN {self._table} AS b ON {self._same}"
                differs = f"NOT ({same_values([quote(name)])})"
                self._session.execute(
                    f"INSERT OR IGNORE INTO temp.sodaf_edited SELECT b.{self._key} FROM {pair} WHERE {differs}",
                    self._params(name),
                )
            self._report(" (rows it inserted)", f"SELECT {self._key} AS k FROM temp.sodaf_edited", ())
            kept = "" if self._older else f" AND NOT EXISTS (SELECT 1 FROM temp.sodaf_edited AS a WHERE {self._same})"
            made = f"EXISTS (SELECT 1 FROM ({key}) AS a WHERE {self._same})"
            self._session.execute(f"DELETE FROM {self._table} AS b WHERE {made}{kept}", (self._change.noted,))

    def _give_back_values(self) -> None:
        """Write all columns of a row at once: a CHECK may tie them together."""
        names = list(noted_columns(self._session, self._change.noted, "changed"))
        if not names:
            return
        listed = ", ".join(map(quote, names))
        with self._table_of(_GOAL, f"{self._key} PRIMARY KEY, {listed}"):
            noted = f'FROM main.{quote(NOTES)} WHERE "mark" = ? AND "what" = \'changed\''
            keys = f'(SELECT DISTINCT "key" AS {self._key} {noted}) AS a'
            values = ", ".join(f"b.{quote(name)}" for name in names)
            query = f"SELECT b.{self._key}, {values} FROM {self._table} AS b JOIN {keys} ON {self._same}"
            self._session.execute(f"INSERT INTO temp.{_GOAL} {query}", (self._change.noted,))
            for name in names:
                self._aim(name)
            sets = ", ".join(f"{quote(n)} = a.{quote(n)}" for n in names)
            other = f"NOT ({same_values(list(map(quote, names)))})"
            update = f"UPDATE {self._table} AS b SET {sets} FROM temp.{_GOAL} AS a WHERE {self._same} AND {other}"
            self._session.execute(update)

    def _aim(self, name: str) -> None:
        """Put the backup's value of one column where it stands as it was written, or where older ones win."""
        column, noted = quote(name), self._noted("changed", name)
        untouched = same_values([column])
        edited = f"SELECT b.{self._key} AS k FROM {noted} AS a JOIN temp.{_GOAL} AS b ON {self._same}"
        back = f"(SELECT 1 FROM {self._backup} AS a WHERE {self._same} AND {untouched})"
        self._report(f".{name}", f"{edited} WHERE NOT ({untouched}) AND NOT EXISTS {back}", self._params(name))
        test = "" if self._older else f" WHERE {untouched}"
        rows = f"SELECT b.{self._key} FROM {noted} AS a JOIN temp.{_GOAL} AS b ON {self._same}{test}"
        self._session.execute(
            f"UPDATE temp.{_GOAL} AS b SET {column} = a.{column} FROM {self._backup} AS a "
            f"WHERE {self._same} AND b.{self._key} IN ({rows})",
            self._params(name),
        )

    def _give_back_rows(self) -> None:
        if not self._session.rows(f"SELECT 1 FROM {self._noted('gone')} LIMIT 1", self._params()):
            return  # then no backup need be there
        gone = f"EXISTS (SELECT 1 FROM {self._noted('gone')} AS a WHERE {self._same})"
        present = f"EXISTS (SELECT 1 FROM {self._table} AS a WHERE {self._same})"
        self._report(
            " (rows it deleted)",
            f"SELECT b.{self._key} AS k FROM {self._table} AS b WHERE {gone}",
            self._params(),
        )
        if self._older:
            self._session.execute(f"DELETE FROM {self._table} AS b WHERE {gone}", self._params())
        rows = f"{self._backup} AS b WHERE {gone} AND NOT {present}"
        for names, test in self._copied():
            listed = ", ".join(names)
            wanted = ", ".join(f"b.{name}" for name in names)
            query = f"INSERT INTO {self._table} ({listed}) SELECT {wanted} FROM {rows}{test}"
            self._session.execute(query, self._params())

    def _copied(self) -> Iterator[tuple[Sequence[str], str]]:
        """Yield what a row consists of: with its old place where that is free, then the others."""
        if self._facts.carries_rowid:
            place = self._facts.rowid
            yield (
                self._facts.copied(),
                f" AND NOT EXISTS (SELECT 1 FROM {self._table} AS c WHERE c.{place} = b.{place})",
            )
        yield self._facts.stored(), ""

    def _turn_back_counter(self) -> None:
        """Set the engine's counter back where nobody was given a number since."""
        numbers = noted_numbers(self._session, self._change.noted)
        name = self._facts.name
        if not numbers or self._session.counters([name]).get(name) != numbers["after"]:
            return
        if numbers["before"] is None:
            self._session.execute("DELETE FROM main.sqlite_sequence WHERE name = ?", (name,))
        else:
            self._session.execute("UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?", (numbers["before"], name))

    def _report(self, what: str, query: str, params: Sequence[str]) -> None:
        rows = int(self._session.value(f"SELECT COUNT(*) FROM ({query})", params))
        if rows:
            sample = f"SELECT CAST(k AS TEXT) FROM ({query}) ORDER BY k LIMIT {SAMPLES}"
            keys = tuple(str(key) for (key,) in self._session.rows(sample, params))
            self.found.append((f"{self._facts.name}{what}", rows, keys))

    @contextmanager
    def _table_of(self, name: str, columns: str) -> Iterator[None]:
        self._session.execute(f"CREATE TEMP TABLE {name} ({columns})")
        yield
        self._session.execute(f"DROP TABLE temp.{name}")

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Run a block without triggers, and without unique indexes: values may be on their way to one another."""
        query = (
            "SELECT type, name, sql FROM main.sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL "
            "AND (type = 'trigger' OR type = 'index' AND sql LIKE 'CREATE UNIQUE%') ORDER BY rowid"
        )
        found = self._session.rows(query, (self._facts.name,))
        for kind, name, _sql in found:
            self._session.execute(f"DROP {str(kind).upper()} main.{quote(str(name))}")
        yield
        for _kind, _name, sql in found:
            self._session.execute(str(sql))
