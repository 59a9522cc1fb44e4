"""The short paths against the rebuild: the same objects, the same values, storage class included."""

import sqlite3
from contextlib import closing
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from sodaf_nb.diff import Answers, compare
from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.schema import Column, DataType, Kind, Table
from sodaf_nb.schema.types import decimal, other, varchar
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.sql.dialects.sqlite import column_sql
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE, SQLiteDialect
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.dialects.sqlite_shadow import catalog
from tests.acceptance.making import World, doctype, field
from tests.schema.strategies import RELAXED
from tests.sql.memory import memory

TABLE = "tabThing"
REBUILD = SQLiteDialect(most_passes=-1)
NAME = Column(name="name", type=varchar(), nullable=False)
KINDS = [
    varchar(140),
    varchar(5),
    decimal(10, 2),
    *(DataType(kind=k) for k in Kind if k not in {Kind.VARCHAR, Kind.DECIMAL, Kind.OTHER}),
    other("BLOB"),
    other("DOUBLE"),
    other("NUMERIC"),
]
VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "0", "1", "007", "1.5", "1.0", "1e3", " 7", "abc", "2024-02-29", "2024-02-29 00:00:00", "10:00:00"]
    ),
    st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, 0.1, 1e300, float("inf"), float("-inf")]),
    st.sampled_from([b"", b"\x00\xff", b"12"]),
)
DEFAULTS = st.sampled_from([None, None, "", "0", "7", "abc", 0, 7, 1.5, 2.0])
EXTRAS = st.lists(
    st.sampled_from(
        [
            f"CREATE INDEX i1 ON {TABLE} (a)",
            f"CREATE UNIQUE INDEX i2 ON {TABLE} (b, name)",
            f"CREATE INDEX i3 ON {TABLE} (lower(c) DESC) WHERE a IS NOT NULL",
            f"CREATE TRIGGER t1 AFTER UPDATE ON {TABLE} BEGIN INSERT INTO log VALUES (new.a); END",
            f"CREATE VIEW v1 AS SELECT a, b FROM {TABLE}",
            f"CREATE TRIGGER t2 AFTER INSERT ON log BEGIN UPDATE {TABLE} SET c = 1 WHERE name = 'none'; END",
            f"CREATE TABLE child (thing REFERENCES {TABLE} (name) ON DELETE CASCADE)",
        ]
    ),
    unique=True,
    max_size=4,
)

CLAUSES = st.sampled_from(["", "", "", ", CHECK (a IS NOT 'no')", ", g AS (a || c)", ", UNIQUE (a, name)"])


@st.composite
def columns(draw, name):
    default = draw(DEFAULTS)
    return Column(name=name, type=draw(st.sampled_from(KINDS)), nullable=draw(st.booleans()), default=default)


@st.composite
def changed(draw, column):
    """The same column with some of its properties changed."""
    fresh = draw(columns(column.name))
    for part in draw(st.sets(st.sampled_from(["type", "nullable", "default"]))):
        column = replace(column, **{part: getattr(fresh, part)})
    return column


@st.composite
def worlds(draw):
    """SQL that makes a table with rows, and the table that is wanted."""
    born = [draw(columns(name)) for name in "abc"]
    added = [draw(columns(name)) for name in draw(st.sampled_from(["", "d", "de"]))]
    added = [replace(c, nullable=c.nullable or c.default is None) for c in added]
    body = ", ".join([column_sql(NAME, primary_key=True), *map(column_sql, born)])
    rows = draw(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=4))
    late = draw(st.lists(VALUES, max_size=2)) if added else []
    statements = [
        ("CREATE TABLE log (x)", ()),
        (f"CREATE TABLE {TABLE} ({body}{draw(CLAUSES)}){draw(st.sampled_from(['', '', ' WITHOUT ROWID']))}", ()),
        *(
            (f"INSERT OR IGNORE INTO {TABLE} (name, a, b, c) VALUES (?, ?, ?, ?)", (f"R{n}", *row))
            for n, row in enumerate(rows)
        ),
        *((f"ALTER TABLE {TABLE} ADD COLUMN {column_sql(c)}", ()) for c in added),
        *(
            (f"INSERT OR IGNORE INTO {TABLE} (name, {added[0].name}) VALUES (?, ?)", (f"L{n}", v))
            for n, v in enumerate(late)
        ),
        *((text, ()) for text in draw(EXTRAS)),
    ]
    kept = [draw(changed(c)) for c in (*born, *added) if draw(st.integers(0, 5))]
    new = [draw(columns(name)) for name in draw(st.sampled_from(["", "", "x", "xy"]))]
    backfill = {c.name: draw(st.sampled_from(["7", 7, 1.5])) for c in (*kept, *new) if draw(st.booleans())}
    return statements, Table(name=TABLE, columns=(NAME, *kept, *new), primary_key=("name",)), backfill


class Live:
    def __init__(self, statements):
        self.db = memory(isolation_level=None)
        self.db.execute("PRAGMA foreign_keys=OFF")
        for sql, params in statements:
            self.db.execute(sql, params)

    def rows(self, sql, params=()):
        return self.db.execute(sql, params).fetchall()

    def run(self, steps):
        """Run steps with their guards; return why it failed."""
        self.db.execute("BEGIN")
        try:
            for step in steps:
                for statement in step.statements:
                    self.db.execute(statement).fetchall()
                for guard in step.guards:
                    assert not self.rows(guard.query), guard.otherwise
        except (sqlite3.Error, AssertionError) as error:
            self.db.execute("ROLLBACK")
            return str(error)
        self.db.execute("COMMIT")
        return ""

    def dump(self):
        names = [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return catalog(reflect(self)), {name: self._table(name) for name in names}, self.rows("PRAGMA integrity_check")

    def _table(self, name):
        columns = [c for (c,) in self.rows("SELECT name FROM pragma_table_xinfo(?)", (name,))]
        rowid = (
            ""
            if "WITHOUT ROWID" in self.rows("SELECT sql FROM sqlite_master WHERE name = ?", (name,))[0][0]
            else "rowid, "
        )
        cells = ", ".join(f'typeof("{c}"), quote("{c}")' for c in columns)
        return sorted(self.rows(f'SELECT {rowid}{cells} FROM "{name}"'))

    def close(self):
        self.db.close()


def script(live, table, backfill, dialect):
    schema = reflect(live)
    found = compare("Thing", table, schema, Answers(drop_removed=True))
    plan = make_plan(found, Context(live=schema, made_for="f00d", backfill=backfill))
    return SQLGenerator(dialect).generate(plan, schema)


@given(worlds())
@RELAXED
def test_the_short_path_and_the_rebuild_lead_to_the_same_database(world):
    statements, table, backfill = world
    results = []
    for dialect in (SQLITE, REBUILD):
        with closing(Live(statements)) as live:
            try:
                made = script(live, table, backfill, dialect)
            except UnsupportedChangeError as error:
                results.append(("refused", str(error)))
                continue
            before = live.dump()
            failed = live.run(made.up)
            event(f"{dialect is SQLITE} {'failed' if failed else sorted(set(made.paths))}")
            assert len(made.paths) >= len(made.up)
            assert not failed or live.dump() == before
            results.append("failed" if failed else live.dump())
    assert results[0] == results[1]


def test_a_dry_run_says_why_each_change_takes_its_path(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("a"), field("b", default="x")))
    world.declare(doctype(field("a", required=1), field("b", default="y"), field("c")))
    frame = world.applier.dry_run("Thing").to_frame()
    world.close()
    assert list(frame.columns) == ["", "object", "change", "path", "why"]
    assert set(frame["path"]) == {"in place", "metadata only"}
    assert all(frame["why"])
