"""Every case makes the same claims: applied, equal to a fresh table, empty second diff, exact way back."""

from __future__ import annotations

import pytest

from sodaf_nb.schema import fingerprint
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE, SQLiteDialect
from sodaf_nb.validation import Severity
from tests.acceptance.cases_columns import CASES as COLUMNS
from tests.acceptance.cases_hand_made import CASES as HAND_MADE
from tests.acceptance.cases_retypes import CASES as RETYPES
from tests.acceptance.cases_tables import CASES as TABLES
from tests.acceptance.making import World

CASES = (*COLUMNS, *RETYPES, *TABLES, *HAND_MADE)
MARKS = {Severity.BLOCK: "", Severity.WARN: "?", Severity.INFO: "."}
PATHS = ("metadata only", "in place", "rebuild")


def prepared(case, folder, dialect):
    world = World(folder, dialect=dialect)
    for other in case.others:
        world.sync(other)
    if case.before is not None:
        world.sync(case.before)
    world.run(*case.by_hand)
    for table, rows in case.other_rows.items():
        world.insert(table, rows)
    if case.rows:
        world.insert(f"tab{(case.before or case.after)['name']}", case.rows)
    if case.before is not None and case.before["name"] != case.after["name"]:
        world.doctypes.unregister(case.before["name"])
    return world.declare(case.after)


ALWAYS_REBUILD = SQLiteDialect(most_passes=-1)


@pytest.mark.parametrize("dialect", [SQLITE, ALWAYS_REBUILD], ids=["cheapest path", "rebuild"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_change(case, dialect, tmp_path):
    world = prepared(case, tmp_path, dialect)
    name, table = case.after["name"], f"tab{case.after['name']}"
    before, raw = world.state(), world.file.read_bytes()

    dry = world.applier.dry_run(name, case.options)
    assert world.file.read_bytes() == raw, "a dry run changes no byte"
    assert [f"{f.rule}{MARKS[f.severity]}" for f in sorted(dry.findings, key=lambda f: f.rule)] == list(case.findings)
    assert bool(dry.backup_preview) == case.backed_up
    assert dry.success
    assert (dry.rehearsal.problem, dry.rehearsal.known) == ("", ""), "the rehearsal foresees what follows"
    claims = ("ran_up", "ran_down", "rows_equal", "objects_equal")
    assert [claim for claim in claims if not getattr(dry.rehearsal, claim)] == []

    script = SQLGenerator(dialect).generate(dry.plan, world.database.reflect())
    assert (script.sql, script.rollback_sql) == (dry.sql, dry.rollback_sql)
    path = case.path if dialect is SQLITE else None
    assert path in (None, max((step.path for step in script.up), key=PATHS.index))

    result = world.applier.sync_doctype(name, case.options)
    after = world.state()
    assert result.outcome == "applied"
    assert result.sql == dry.sql
    assert result.metadata["script"] == fingerprint(dry.sql) == dry.rehearsal.script
    assert bool(result.backup_path) == case.backed_up
    require_wanted(case, table, after, tmp_path)
    assert not world.applier.diff(name).has_changes, "the second diff is empty"
    assert after.violations == before.violations

    back = world.applier.rollback_migration(result.migration_id)
    assert back.outcome == "applied"
    restored = world.state()
    assert (restored if case.rowids else restored.without_rowids()) == (
        before if case.rowids else before.without_rowids()
    ), "schema and rows are back"
    world.close()


def require_wanted(case, table, after, folder):
    (folder / "fresh").mkdir()
    fresh_world = World(folder / "fresh")
    fresh_world.sync(*case.others, case.after)
    fresh = fresh_world.state()
    fresh_world.close()
    live = {name: _upper(shape) for name, shape in after.shapes(table).items()}
    wanted = {name: _upper(shape) for name, shape in fresh.shapes(table).items()}
    assert {name: shape for name, shape in live.items() if name not in case.extra} == {
        name: shape for name, shape in wanted.items() if name not in case.extra
    }
    assert set(live) - set(wanted) <= set(case.extra)
    assert fresh.indexes[table] <= after.indexes[table]
    assert len(after.indexes[table]) == len(fresh.indexes[table]) + case.extra_indexes
    assert {c: after.values(table, c) for c in case.becomes} == dict(case.becomes)
    for place, values in case.other_becomes.items():
        other, column = place.split(".")
        assert (place, after.values(other, column)) == (place, values)
    assert [piece for piece in case.keeps if piece not in after.texts()] == []
    assert "sodaf_" not in after.texts()


def _upper(shape):
    return (shape[0].upper(), *shape[1:])


def test_every_case_has_a_sentence_of_its_own():
    assert len({case.id for case in CASES}) == len(CASES) >= 35
