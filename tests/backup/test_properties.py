"""Whatever is in a table, backup and restore give the same table."""

import tempfile
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
