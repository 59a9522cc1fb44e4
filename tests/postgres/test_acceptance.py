"""The acceptance cases on PostgreSQL: the same data, the same claims; what differs is a mark with its reason.

A mark fails when its gap closes. Cases of what somebody made by hand in SQLite's own SQL have their counterpart
in `test_kept.py`.
"""

import json
from contextlib import closing

import pytest

from sodaf_nb.schema import fingerprint
from sodaf_nb.validation import Severity
from tests.acceptance.cases_columns import CASES as COLUMNS
from tests.acceptance.cases_retypes import CASES as RETYPES
from tests.acceptance.cases_tables import CASES as TABLES
from tests.postgres.world import World

CASES = (*COLUMNS, *RETYPES, *TABLES)
MARKS = {Severity.BLOCK: "", Severity.WARN: "?", Severity.INFO: "."}
_ENFORCED = "a length is enforced here, so a shorter one endangers data and says so by DS08, with a backup"
_NARROW = "an integer has 32 bits here and a Check 16, so a larger value cannot be there, or does not fit"
_UNCOUNTED = "a key that somebody writes does not move the numbering, so there is no counter to lose (DS04)"
_TYPED = "no column here holds values of another type"
DIFFERENT = {
    "shrinking a Data field keeps short values": _ENFORCED,
    "shrinking a Data field keeps long values whole and warns": _ENFORCED,
    "Text to Data converts what is exact": _ENFORCED,
    "Int to Check converts what is exact": _NARROW,
    "Long Int to Int converts what is exact": _NARROW,
    "Long Int to Int keeps whole what an Int has no room for elsewhere": _NARROW,
    "Int to Float converts what is exact and loses the rest only with consent": _NARROW,
    "Date to Datetime converts what is exact and loses the rest only with consent": _TYPED,
    "a storage class that nobody expects in a column survives the way there and back": _TYPED,
    "an autoincrement key becomes text": _UNCOUNTED,
    "an autoincrement key becomes text while a field is dropped": _UNCOUNTED,
}


def marked(case):
    reason = DIFFERENT.get(case.id)
    return pytest.param(case, id=case.id, marks=[pytest.mark.xfail(reason=reason)] if reason else [])


def prepared(case, world):
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
    world.doctypes.register(case.after)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_change(case, pg_url, pg, tmp_path):
    with closing(World(pg_url, pg, tmp_path)) as world:
        require_claims(case, world)


def require_claims(case, world):
    prepared(case, world)
    name, table = case.after["name"], f"tab{case.after['name']}"
    before = world.state()

    dry = world.applier.dry_run(name, case.options)
    assert world.state() == before, "a dry run changes nothing"
    assert [f"{f.rule}{MARKS[f.severity]}" for f in sorted(dry.findings, key=lambda f: f.rule)] == list(case.findings)
    assert bool(dry.backup_preview) == case.backed_up
    assert (dry.rehearsal.problem, dry.rehearsal.known) == ("", ""), "the rehearsal foresees what follows"
    claims = ("ran_up", "ran_down", "rows_equal", "objects_equal")
    assert [claim for claim in claims if not getattr(dry.rehearsal, claim)] == []
    assert dry.success

    result = world.applier.sync_doctype(name, case.options)
    after = world.state()
    assert result.outcome == "applied"
    assert result.sql == dry.sql
    assert result.metadata["script"] == fingerprint(dry.sql) == dry.rehearsal.script
    assert bool(result.backup_path) == case.backed_up
    assert {c: world.values(table, c) for c in case.becomes} == dict(case.becomes)
    for place, values in case.other_becomes.items():
        other, column = place.split(".")
        assert (place, world.values(other, column)) == (place, values)
    assert "sodaf_" not in after.texts()
    assert not world.applier.diff(name).has_changes, "the second diff is empty"

    back = world.applier.rollback_migration(result.migration_id)
    assert back.outcome == "applied"
    restored = world.state()
    assert restored.without_counters() == before.without_counters(), "schema and rows are back"
    assert all(restored.counters()[name] >= value for name, value in before.counters().items()), "none goes back"
    require_wanted(case, table, after, world)


def require_wanted(case, table, after, world):
    """Compare with a table that the DocType makes anew."""
    fresh = made_anew(world, (*case.others, case.after))
    columns = {name: shape for name, shape in after.columns[table].items() if name not in case.extra}
    assert columns == {name: shape for name, shape in fresh.columns[table].items() if name not in case.extra}
    assert len(after.indexes(table)) == len(fresh.indexes(table)) + case.extra_indexes


# Many cases want the same; what a DocType makes in an empty database does not depend on the case.
MADE = {}


def made_anew(world, doctypes):
    key = json.dumps(doctypes, sort_keys=True)
    if key not in MADE:
        world.pg.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        world.sync(*doctypes)
        MADE[key] = world.state()
    return MADE[key]
