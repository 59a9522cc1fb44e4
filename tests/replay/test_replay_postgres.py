"""The corpus on a PostgreSQL server: forwards and all the way back, judged by plain queries.

A share of the histories is replayed unless `SODAF_REPLAY=all` asks for all of them (`make replay-postgres`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg
import pytest
import sqlalchemy as sa

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import BlockedMigrationError, InvalidDocTypeError, RenameQuestionError
from sodaf_nb.options import ApplyOptions, RollbackOptions, SyncOptions
from sodaf_nb.results import MigrationResult
from tests.postgres.state import State, read
from tests.replay import corpus
from tests.replay.corpus import History, Version
from tests.replay.oracle import wanted_columns, wanted_indexes
from tests.replay.test_replay import REFUSED

# Of the 45 histories of a usual length every ninth, so five.
_EACH = 9

_SPELLED = {
    "VARCHAR": "character varying",
    "TEXT": "text",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "REAL": "double precision",
    "DECIMAL": "numeric",
    "DATE": "date",
    "DATETIME": "timestamp without time zone",
    "TIME": "time without time zone",
}
_AWKWARD = "Žluťoučký 'kůň' \"100 %s\"; -- 🐎\r\n\t{0} :x ?1 \\ \\N 王明"
_TEXTS = ("typical", "", None, "K" * 140, _AWKWARD, "007", "-5", "0")
_VALUES: dict[str, tuple[Any, ...]] = {
    "smallint": (0, 1, None, 1, 0, 1, 1, 0),
    "integer": (1, 2, None, 2**31 - 1, -(2**31), 7, -5, 0),
    "bigint": (1, 2, None, 2**63 - 1, -(2**63), 7, -5, 0),
    "double precision": ("1.5", "0.1", None, "1e300", "-5e-324", "7", "-5", "0"),
    "numeric": ("1.5", "0.01", None, "9.99", "-1.25", "7", "-5", "0"),
    "date": ("2024-02-29", "0001-01-01", None, "9999-12-31", "2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"),
    "time": ("00:00:00", "23:59:59.999999", None, "12:00", "01:00", "02:00", "03:00", "04:00"),
}
_VALUES["timestamp"] = tuple(value and f"{value} 10:20:30.123456" for value in _VALUES["date"])
_CREATIONS = tuple(f"2024-05-{day} 08:30:00.{day:06}" for day in range(10, 18))
_KEYS = ("REC-0001", "1", "rec-0001", "K" * 140, _AWKWARD, "007", "-5", "0")
_NUMBERS = (1, 2, 3, 5, 8, 13, 100, 2**31 - 2)


def chosen() -> list[History]:
    """Return the histories to replay."""
    found = corpus.histories()
    if os.environ.get("SODAF_REPLAY") == "all":
        return list(found)
    usual = sorted((h for h in found if 3 <= len(h.versions) <= 5), key=lambda h: crc32(h.id.encode()))
    return usual[::_EACH]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("history", chosen(), ids=lambda h: h.id)
def test_a_history_goes_forwards_and_back_on_a_server(
    history: History,
    pg_url: sa.URL,
    pg: psycopg.Connection,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Each step ends as the DocType says with every value kept, each rollback at the step's own start."""
    with closing(ServerReplay(history, pg_url, pg, tmp_path)) as replay:
        for version in history.versions:
            replay.forward(version)
        replay.all_the_way_back()
    record_property("replay", dict(replay.counts))


class ServerReplay:
    """One history on one database of a server.

    Args:
        history: The history.
        url: An empty database.
        pg: A connection of its own to it.
        folder: An empty folder for the backups.
    """

    def __init__(self, history: History, url: sa.URL, pg: psycopg.Connection, folder: Path) -> None:
        self.counts: Counter[str] = Counter(histories=1)
        self._history, self._pg = history, pg
        self._database = Database(url)
        self._options = ApplyOptions(backup_dir=folder / "backups")
        self._drop = crc32(history.id.encode()) % 2 == 1
        self._last: Version | None = None
        self._carried: dict[str, str] = {}
        self._done: list[tuple[str, State, State]] = []
        self._state = read(pg)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def forward(self, version: Version) -> None:
        """Bring the DocType to a version; one that is no valid DocType is refused and passed over."""
        self.counts["steps"] += version.seq > 0
        self._carried |= version.field_renames
        doctypes = DocTypeEngine()
        try:
            doctypes.register(version.doc)
        except InvalidDocTypeError as error:
            assert version.seq in REFUSED[self._history.id]
            self.counts[f"refused: {error.code}"] += 1
            return
        self._apply(MigrationApplier(self._database, doctypes, self._options), version)
        self._last, self._carried = version, {}

    def _apply(self, applier: MigrationApplier, version: Version) -> None:
        before, (result, accepted) = self._state, self._synced(applier, version)
        after = read(self._pg)
        self.counts[result.outcome] += 1
        assert not applier.diff(version.name, self._answers(version)).has_changes
        if result.outcome == "nothing_to_do":
            assert after == before
            return
        assert result.outcome == "applied"
        self._judge(version, before, after, accepted)
        self._fill(version, before, after)
        self._state = read(self._pg)
        self._done.append((str(result.migration_id), before, self._state))

    def _synced(self, applier: MigrationApplier, version: Version) -> tuple[MigrationResult, frozenset[str]]:
        accept = frozenset[str]()
        while True:
            try:
                result = applier.sync_doctype(version.name, self._answers(version, accept))
            except (BlockedMigrationError, RenameQuestionError) as stop:
                assert read(self._pg) == self._state, "what stops changes nothing"
                asked = {"BC06"} if isinstance(stop, RenameQuestionError) else {f.rule for f in stop.findings}
                assert not asked <= accept, "stopped again by what was accepted"
                accept |= asked
            else:
                self.counts.update(f"accepted after a finding: {rule}" for rule in accept)
                return result, accept

    def _answers(self, version: Version, accept: frozenset[str] = frozenset()) -> SyncOptions:
        renamed = self._last is not None and self._last.name != version.name
        return SyncOptions(
            accept=accept,
            field_renames=self._carried,
            renamed_from=self._last.name if renamed and self._last else None,
            removed_fields="drop" if self._drop else "keep",
        )

    def _judge(self, version: Version, before: State, after: State, accepted: frozenset[str]) -> None:
        table, wanted = f"tab{version.name}", wanted_columns(version.doc)
        assert list(after.columns) == [table]
        shapes = {name: (_spelled(w.declared), w.not_null) for name, w in wanted.items()}
        found = {name: shape[:2] for name, shape in after.columns[table].items()}
        assert {name: found[name] for name in shapes} == shapes
        # Which names the server quotes depends on its reserved words, such as "user".
        indexes = {text.replace('"', "") for text in after.indexes(table)}
        assert indexes >= {_index(table, *asked) for asked in wanted_indexes(version.doc)}
        old = f"tab{(self._last or version).name}"
        kept = {name: self._carried.get(name, name) for name in before.columns.get(old, {})}
        gone = {name for name, now in kept.items() if now not in found}
        assert gone == ({name for name, now in kept.items() if now not in wanted} if self._drop else set())
        assert set(found) - set(wanted) <= set(kept.values())
        filled = {name for name in gone if before.columns[old][name][0].startswith(("character", "text"))}
        assert not filled or "DS03" in accepted, f"dropped without a word: {filled}"
        same = {n: now for n, now in kept.items() if now in found and before.columns[old][n][0] == found[now][0]}
        assert _values(after, table, same.values()) == _values(before, old, same, same)

    def _fill(self, version: Version, before: State, after: State) -> None:
        table = f"tab{version.name}"
        old = before.columns.get(f"tab{(self._last or version).name}", {})
        known = {self._carried.get(name, name) for name in old}
        new = [name for name in after.columns[table] if name not in known]
        values = [_cells(name, after.columns[table][name]) for name in new]
        names = ", ".join(_quoted(name) for name in new)
        marks = ", ".join(["%s"] * len(new))
        if not before.rows:
            statement = f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})"
            for row in zip(*values, strict=True):
                self._pg.execute(statement, row)
        elif new:
            changes = ", ".join(f"{_quoted(name)} = %s" for name in new)
            for *row, created in zip(*values, _CREATIONS, strict=True):
                self._pg.execute(f"UPDATE {_quoted(table)} SET {changes} WHERE creation = %s", (*row, created))

    def all_the_way_back(self) -> None:
        """Take every step back, the newest first; each must end where the step began."""
        assert self._last is not None
        doctypes = DocTypeEngine()
        doctypes.register(self._last.doc)
        applier = MigrationApplier(self._database, doctypes, self._options)
        for migration_id, start, end in reversed(self._done):
            assert read(self._pg).without_counters() == end.without_counters()
            result = self._rolled_back(applier, migration_id)
            assert result.outcome == "applied"
            assert read(self._pg).without_counters() == start.without_counters()
            self.counts["rolled back"] += 1

    def _rolled_back(self, applier: MigrationApplier, migration_id: str) -> MigrationResult:
        try:
            return applier.rollback_migration(migration_id)
        except BlockedMigrationError as stop:
            accept = {f.rule for f in stop.findings}
        return applier.rollback_migration(migration_id, RollbackOptions(accept=accept))


def _spelled(declared: str) -> str:
    word, bracket, rest = declared.partition("(")
    return f"{_SPELLED[word]}{bracket}{rest}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _index(table: str, column: str, unique: bool) -> str:  # noqa: FBT001  as the oracle gives it
    return f"CREATE{' UNIQUE' * unique}public.{table} USING btree ({column})"


def _values(state: State, table: str, names: Any, now: dict[str, str] | None = None) -> dict[Any, dict[str, Any]]:
    rows = [dict(row) for row in state.rows.get(table, ())]
    return {row["creation"]: {(now or {}).get(name, name): row[name] for name in names} for row in rows}


def _cells(name: str, shape: tuple[Any, ...]) -> Iterator[Any]:
    kind, required = str(shape[0]), bool(shape[1])
    if name == "creation":
        return iter(_CREATIONS)
    if name == "name":
        return iter(_KEYS if kind.startswith("char") else _NUMBERS)
    base = kind.partition("(")[0].partition(" without")[0]
    values = _VALUES.get(base) or tuple(text and f"{text}" for text in _TEXTS)
    bound = int(kind.partition("(")[2].rstrip(")")) if base == "character varying" else None
    cut = [value[:bound] if isinstance(value, str) and bound else value for value in values]
    return iter([0 if value is None and required else value for value in cut])
