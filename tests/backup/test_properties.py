"""Whatever is in a table, backup and restore give the same table."""

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.database import Database
from tests.backup.helpers import manager, run, state

integers = st.integers(-(2**63), 2**63 - 1)
# The word says how the value is bound: bytes as a text may be valid UTF-8 or not.
cells = st.one_of(
    st.tuples(st.just("?"), st.one_of(st.none(), integers, st.floats(allow_nan=False), st.binary())),
    st.tuples(st.just("CAST(? AS TEXT)"), st.binary()),
)
types = st.sampled_from(["", "TEXT", "INTEGER", "REAL", "NUMERIC", "BLOB", "VARCHAR(140)", "DATE"])
tables = st.lists(types, min_size=1, max_size=4).flatmap(
    lambda kinds: st.tuples(st.just(kinds), st.dictionaries(integers, st.tuples(*[cells] * len(kinds)), max_size=8))
)


KEYS = {
    "integer": ("name INTEGER PRIMARY KEY", ""),
    "text": ("name TEXT NOT NULL PRIMARY KEY", ""),
    "without rowid": ("name BLOB PRIMARY KEY", " WITHOUT ROWID"),
}


@contextmanager
def table_of(key, kinds):
    """A new table with a key and columns c0, c1 ... of these types, and backups of it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/p.db")
        declared, tail = KEYS[key]
        columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(kinds))
        run(database, f"CREATE TABLE t({declared}, {columns}){tail}")
        yield database, manager(database, Path(folder) / "b")
        database.close()


def write(database, rows):
    """Make the table hold exactly these rows, with as few changes as an upsert makes."""
    run(database, (f"DELETE FROM t WHERE name NOT IN ({', '.join('?' * len(rows))})", tuple(rows)))
    for name, row in rows.items():
        marks = ", ".join(mark for mark, _value in row)
        values = (name, *(value for _mark, value in row))
        run(database, (f"INSERT OR REPLACE INTO t VALUES(?, {marks})", values))


def contents(database):
    return state(database, "t", rowid="name")


keys = st.sampled_from(sorted(KEYS))
names = st.integers(0, 9)


def rows_of(kinds):
    return st.dictionaries(names, st.tuples(*[cells] * len(kinds)), max_size=6)


histories = st.lists(types, min_size=1, max_size=3).flatmap(
    lambda kinds: st.tuples(st.just(kinds), st.lists(rows_of(kinds), min_size=2, max_size=4))
)


@settings(max_examples=15, deadline=None)
@given(keys, histories, st.data())
def test_every_state_of_a_chain_comes_back_exactly(key, history, data):
    kinds, steps = history
    with table_of(key, kinds) as (database, backups):
        seen = []
        for rows in steps:
            write(database, rows)
            made = backups.create_backup("T", "t", strategy="incremental")
            seen.append((made, contents(database)))
        assert [made.strategy for made, _rows in seen] == ["full", *["incremental"] * (len(steps) - 1)]
        for made, rows in data.draw(st.permutations(seen)):
            backups.restore_backup(made.id)
            assert contents(database) == rows


@settings(max_examples=25, deadline=None)
@given(keys, histories, st.data())
def test_saved_columns_come_back_and_everything_else_stays(key, history, data):
    kinds, (before, after, *_rest) = history
    chosen = data.draw(st.sets(st.sampled_from([f"c{n}" for n in range(len(kinds))]), min_size=1))
    with table_of(key, kinds) as (database, backups):
        write(database, before)
        old = columns_by_name(database)
        made = backups.create_backup("T", "t", strategy="column", columns=chosen)
        write(database, after)
        new = columns_by_name(database)
        assert backups.restore_backup(made.id).row_count == len(old.keys() & new.keys())
        wanted = {
            name: {c: old[name][c] if c in chosen and name in old else cell for c, cell in row.items()}
            for name, row in new.items()
        }
        assert columns_by_name(database) == wanted


def columns_by_name(database):
    """Each row by its key, each value with its type and every bit."""
    with closing(database.connect()) as connection:
        connection.text_factory = bytes
        names = [c[1].decode() for c in connection.execute("PRAGMA table_xinfo(t)")]
        parts = ", ".join(f"typeof({name}), {name}" for name in names)
        rows = connection.execute(f"SELECT {parts} FROM t").fetchall()
    cells = ([(kind, repr(value)) for kind, value in zip(row[::2], row[1::2], strict=True)] for row in rows)
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cells}


@settings(max_examples=40, deadline=None)
@given(tables)
def test_restore_gives_back_exactly_what_was_saved(table):
    kinds, rows = table
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/p.db")
        run(database, f"CREATE TABLE t({', '.join(f'c{n} {kind}' for n, kind in enumerate(kinds))})")
        names = ", ".join(f"c{n}" for n in range(len(kinds)))
        for rowid, row in rows.items():
            marks = ", ".join(mark for mark, _value in row)
            run(database, (f"INSERT INTO t(rowid, {names}) VALUES(?, {marks})", (rowid, *(v for _mark, v in row))))
        before = state(database, "t")
        backups = manager(database, Path(folder) / "b")
        made = backups.create_backup("T", "t")
        run(database, "DELETE FROM t WHERE rowid % 2", "INSERT INTO t(c0) VALUES('later')")
        backups.restore_backup(made.id)
        assert state(database, "t") == before
        run(database, "DROP TABLE t")
        backups.restore_backup(made.id)
        assert state(database, "t") == before
        database.close()
