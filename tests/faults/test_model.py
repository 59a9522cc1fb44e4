"""Random changes, writes, ways back and crashes of one table, beside a model of dictionaries that must agree.

`SODAF_MODEL_EXAMPLES` and `SODAF_MODEL_STEPS` make the runs longer.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sodaf_nb.errors import SodafError
from sodaf_nb.options import RollbackOptions, SyncOptions
from tests.acceptance import making
from tests.acceptance.fixtures import MEMORY
from tests.acceptance.making import World
from tests.faults.faulty import Fault, installed
from tests.faults.killing import Point, killed

NAMES = ("alpha", "beta", "gamma", "delta")
TYPES = ("Data", "Int")
NULL = ("null", None)
VALUES = (None, 7, -3, 2**62, 1.5, "x", "7", "-3", "", "\u00e9", "a'b", b"", b"\x00\xff")
KEYS = tuple(f"K{n}" for n in range(6))


@dataclass(frozen=True)
class Model:
    """What the table should be: columns in any order with type and index, rows with storage classes."""

    columns: dict = field(default_factory=dict)
    rows: dict = field(default_factory=dict)

    def put(self, name, values):
        """Return it with one column's values by key; others get NULL."""
        return replace(self, rows={key: {**row, name: values.get(key, NULL)} for key, row in self.rows.items()})

    def without(self, name):
        """Return it without a column."""
        columns = {n: c for n, c in self.columns.items() if n != name}
        return Model(columns, {k: {n: v for n, v in row.items() if n != name} for k, row in self.rows.items()})

    def with_column(self, name, kind, values=None):
        """Return it with one more column."""
        return replace(self, columns={**self.columns, name: kind}).put(name, values or {})

    def values(self, name):
        """Return one column's values by key."""
        return {key: row[name] for key, row in self.rows.items()}

    def converted(self, name, kind):
        """Return it with one column's values as another type holds them."""
        to = to_int if kind == "Int" else to_text
        values = {key: to(*value) for key, value in self.values(name).items()}
        return replace(self, columns={**self.columns, name: (kind, self.columns[name][1])}).put(name, values)


def to_int(storage, value):
    if storage == "text":
        return ("integer", int(value)) if re.fullmatch(r"0|-?[1-9]\d{0,17}|4611686018427387904", value) else NULL
    return (storage, value) if storage == "integer" else NULL


def to_text(storage, value):
    return ("text", str(value)) if storage in ("integer", "real") else (storage, value)


class Machine(RuleBasedStateMachine):
    """One table under random work."""

    @initialize()
    def start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sodaf-test-", dir=MEMORY if MEMORY.is_dir() else None))
        self.world = World(self.folder)
        self.model = Model({"alpha": ("Data", False), "beta": ("Int", False)})
        self.order = ["alpha", "beta"]
        self.done = []  # (migration, how the model goes back)
        self.backup = None
        self.world.sync(self.declared(self.model))

    def teardown(self):
        if hasattr(self, "world"):
            self.world.close()
            shutil.rmtree(self.folder)

    def declared(self, model):
        names = sorted(model.columns, key=lambda n: self.order.index(n) if n in self.order else 9)
        fields = [making.field(n, model.columns[n][0], search_index=int(model.columns[n][1])) for n in names]
        return making.doctype(*fields)

    def migrate(self, after, back, crash, **options):
        """Bring the model's next state to the database, perhaps with a fault, and keep whichever it became."""
        given = SyncOptions(accept="all", removed_fields="drop", **options)
        self.world.declare(self.declared(after))
        how, number = crash
        if how == "kill":
            point = Point(name="random", call="", nth=number)
            killed(lambda: self.reopened().declare(self.declared(after)).applier.sync_doctype("Thing", given), point)
            self.world.applier.recover()
        else:
            fault = Fault(number if how == "fail" else 0, counts="", error=KeyboardInterrupt, after=bool(number % 2))
            try:
                with installed(fault):
                    self.world.applier.sync_doctype("Thing", given)
            except (SodafError, KeyboardInterrupt):
                assert fault.happened
                assert how == "fail"
        if self.found() == (after.columns, after.rows) and after != self.model:
            self.done.append((self.world.applier.history.get_latest("Thing").id, back))
            self.model = after

    def reopened(self):
        return World(self.folder)

    def found(self):
        """Return columns and rows as they are in the file."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as db:
            own = [(n, t) for _c, n, t, *_rest in db.execute("PRAGMA table_info(tabThing)") if n in NAMES]
            indexed = {
                db.execute(f"PRAGMA index_info({name})").fetchone()[2]
                for (name,) in db.execute(
                    "SELECT name FROM sqlite_master WHERE type='index' AND name LIKE 'ix_tabThing%'"
                )
            }
            columns = {n: ("Int" if t.startswith("INT") else "Data", n in indexed) for n, t in own}
            cells = "".join(f", typeof({n}), {n}" for n in columns)
            rows = {
                key: dict(zip(columns, zip(values[::2], values[1::2], strict=True), strict=True))
                for key, *values in db.execute(f"SELECT name{cells} FROM tabThing")
            }
        return columns, rows

    crashes = st.one_of(
        st.just(("", 0)), st.just(("", 0)), st.tuples(st.sampled_from(["fail", "kill"]), st.integers(1, 500))
    )

    @rule(data=st.data(), key=st.sampled_from(KEYS), value=st.sampled_from(VALUES))
    def write(self, data, key, value):
        name = data.draw(st.sampled_from(sorted(self.model.columns)))
        with closing(sqlite3.connect(self.folder / "shop.db", isolation_level=None)) as db:
            db.execute("INSERT OR IGNORE INTO tabThing (name) VALUES (?)", (key,))
            db.execute(f"UPDATE tabThing SET {name} = ? WHERE name = ?", (value, key))
            cell = db.execute(f"SELECT typeof({name}), {name} FROM tabThing WHERE name = ?", (key,)).fetchone()
        row = self.model.rows.get(key, dict.fromkeys(self.model.columns, NULL))
        self.model = replace(self.model, rows={**self.model.rows, key: {**row, name: cell}})

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key):
        self.world.run(f"DELETE FROM tabThing WHERE name = '{key}'")
        self.model = replace(self.model, rows={k: r for k, r in self.model.rows.items() if k != key})

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(TYPES), crash=crashes)
    def add(self, name, kind, crash):
        if name not in self.model.columns:
            default = dict.fromkeys(self.model.rows, ("integer", 0)) if kind == "Int" and INT_HAS_DEFAULT else {}
            self.migrate(self.model.with_column(name, (kind, False), default), lambda now: now.without(name), crash)

    @precondition(lambda self: len(self.model.columns) > 1)
    @rule(data=st.data(), crash=crashes)
    def drop(self, data, crash):
        name = data.draw(st.sampled_from(sorted(self.model.columns)))
        kind, values = self.model.columns[name], self.model.values(name)
        self.migrate(self.model.without(name), lambda now: now.with_column(name, kind, values), crash)

    @rule(data=st.data(), new=st.sampled_from(NAMES), crash=crashes)
    def rename(self, data, new, crash):
        old = data.draw(st.sampled_from(sorted(self.model.columns)))
        if new not in self.model.columns:
            moved = lambda now, a, b: now.with_column(b, now.columns[a], now.values(a)).without(a)  # noqa: E731
            self.migrate(moved(self.model, old, new), lambda now: moved(now, new, old), crash, field_renames={old: new})

    @rule(data=st.data(), crash=crashes)
    def index(self, data, crash):
        name = data.draw(st.sampled_from(sorted(self.model.columns)))
        _kind, on = self.model.columns[name]
        columns = lambda now, wanted: replace(now, columns={**now.columns, name: (now.columns[name][0], wanted)})  # noqa: E731
        self.migrate(columns(self.model, not on), lambda now: columns(now, on), crash)

    @rule(order=st.permutations(NAMES), crash=crashes)
    def reorder(self, order, crash):
        self.order = list(order)
        self.migrate(self.model, lambda now: now, crash)

    @rule(data=st.data(), crash=crashes)
    def retype(self, data, crash):
        name = data.draw(st.sampled_from(sorted(self.model.columns)))
        was = self.model.columns[name][0]
        before, after = self.model.values(name), self.model.converted(name, "Int" if was == "Data" else "Data")
        kept = after.values(name)

        def back(now):
            again = now.converted(name, was)
            same = {k: before[k] for k, value in now.values(name).items() if k in kept and value == kept[k]}
            return again.put(name, {**again.values(name), **same})

        self.migrate(after, back, crash)

    @precondition(lambda self: self.done)
    @rule()
    def rollback(self):
        migration, back = self.done.pop()
        self.world.applier.rollback_migration(migration, RollbackOptions(accept="all"))
        self.model = back(self.model)

    @rule()
    def take_backup(self):
        self.backup = (self.world.applier.backups.create_backup("Thing", "tabThing").id, self.model)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self):
        """What was saved comes back to the row, or nothing happens when the table has other columns by now."""
        backup, saved = self.backup
        try:
            self.world.applier.backups.restore_backup(backup)
        except SodafError:
            return
        self.model = replace(self.model, rows=saved.rows)
        self.done.clear()  # rows of before are no concern of those migrations any more

    @invariant()
    def they_agree(self):
        if hasattr(self, "world"):
            assert self.found() == (self.model.columns, self.model.rows)
            records = self.world.applier.history.get_migration_history()
            assert self.world.applier.history.audit.verify(records).problems == ()


INT_HAS_DEFAULT = False

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PROFILE = settings(
    max_examples=int(os.environ.get("SODAF_MODEL_EXAMPLES", "12")),
    stateful_step_count=int(os.environ.get("SODAF_MODEL_STEPS", "12")),
    deadline=None,
    derandomize="SODAF_MODEL_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=CHECKS,
)


def test_a_table_under_random_work_is_what_the_model_says(tmp_path):
    run_state_machine_as_test(Machine, settings=PROFILE)
