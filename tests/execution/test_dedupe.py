"""Rows that share a value of a field that becomes unique: one keeps it, the others are changed, and all come back."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.errors import BlockedMigrationError, UsageError
from sodaf_nb.options import RollbackOptions, SyncOptions
from sodaf_nb.plan import DedupeColumn
from sodaf_nb.sql.dedupe import Duplicates
from sodaf_nb.validation import repaired
from tests.acceptance.making import doctype, field

BEFORE = doctype(field("title"), field("email"))
AFTER = doctype(field("title"), field("email", unique=1))
ROWS = tuple({"email": value} for value in ("a", "b", "a", None, "a", "", ""))
BLANK, SUFFIX = {"dedupe": {"email": "blank"}}, {"dedupe": {"email": "suffix"}}
ONLY_EMAILS = "SELECT email FROM tabThing ORDER BY name"


@pytest.fixture
def shop(world):
    world.sync(BEFORE)
    world.insert("tabThing", ROWS)
    world.declare(AFTER)
    return world


def emails(world):
    return [value for (value,) in world.ask(ONLY_EMAILS)]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (BLANK, ["a", "b", None, None, None, "", None]),
        (SUFFIX, ["a", "b", "a-R3", None, "a-R5", "", "-R7"]),
    ],
)
def test_the_first_row_keeps_a_shared_value_and_all_come_back(shop, answer, left):
    before = shop.state()
    result = shop.sync(AFTER, **answer)
    assert emails(shop) == left
    assert [f.rule for f in result.findings] == ["MF12"]
    assert result.backup_path is not None
    assert not shop.applier.diff("Thing").has_changes
    assert shop.sync(AFTER, **answer).outcome == "nothing_to_do"
    shop.applier.rollback_migration(result.migration_id)
    assert shop.state() == before


def test_the_finding_names_the_answer_which_is_tried_and_previewed_before_it_is_given(shop):
    before = shop.state()
    found = shop.applier.dry_run("Thing")
    (finding,) = found.findings
    assert (finding.rule, finding.count, 'with dedupe={"email": "blank"}' in finding.fix) == ("MF01", 2, True)
    dry = shop.applier.dry_run("Thing", repaired(SyncOptions(), finding))
    assert (dry.success, dry.rehearsal.success) == (True, True)
    assert [(c.column, c.what, c.rows) for c in dry.changes] == [("email", "nulled", 3)]
    assert dry.findings[0].samples == ("R3", "R5", "R7")
    assert dry.backup_preview[0]["columns"] == "name, email"
    assert "3 rows with a value that an earlier one has" in repr(dry)
    told = shop.applier.dry_run("Thing", repaired(SyncOptions(), finding, "suffix"))
    assert [(c.what, c.rows) for c in told.changes] == [("converted", 3)]
    assert shop.state() == before


def test_rows_edited_inserted_and_deleted_since_stay_so(shop):
    result = shop.sync(AFTER, **BLANK)
    shop.run(
        "UPDATE tabThing SET email = 'later' WHERE name = 'R3'",
        "UPDATE tabThing SET email = NULL WHERE name = 'R1'",
        "DELETE FROM tabThing WHERE name = 'R2'",
        "INSERT INTO tabThing (name, email) VALUES ('R0', 'a')",
    )
    dry = shop.applier.dry_run_rollback(result.migration_id)
    assert "2 values of tabThing.email edited since" in dry.conflicts[0]
    shop.applier.rollback_migration(result.migration_id)
    assert emails(shop) == ["a", None, "later", None, "a", "", ""]


def test_a_rollback_can_be_taken_back_and_changes_the_rows_there_are_then(shop):
    undone = shop.applier.rollback_migration(shop.sync(AFTER, **SUFFIX).migration_id)
    shop.run("INSERT INTO tabThing (name, email) VALUES ('R8', 'b')")
    shop.applier.rollback_migration(undone.migration_id, RollbackOptions(accept="all"))
    assert emails(shop) == ["a", "b", "a-R3", None, "a-R5", "", "-R7", "b-R8"]


def test_it_goes_with_a_rename_another_length_triggers_and_a_collation(world):
    world.run(
        "CREATE TABLE tabOld (name VARCHAR(140) NOT NULL PRIMARY KEY, mail VARCHAR(50) COLLATE NOCASE)",
        "CREATE TABLE log (what)",
        "CREATE TRIGGER t AFTER UPDATE ON tabOld BEGIN INSERT INTO log VALUES (new.name); END",
        "INSERT INTO tabOld (name, mail) VALUES ('Z', 'x'), ('a', 'X'), ('b', 'y')",
    )
    before = world.state()
    result = world.sync(AFTER, renamed_from="Old", field_renames={"mail": "email"}, **SUFFIX)
    assert world.ask("SELECT name, email FROM tabThing ORDER BY rowid") == [("Z", "x"), ("a", "X-a"), ("b", "y")]
    assert world.ask("SELECT * FROM log") == []
    world.applier.rollback_migration(result.migration_id)
    assert world.state() == before


def test_a_suffixed_value_that_is_there_already_still_stops_it(shop):
    shop.run("INSERT INTO tabThing (name, email) VALUES ('R8', 'a-R3')")
    before = shop.state()
    with pytest.raises(BlockedMigrationError, match=r"MF01: .* holds 1 group"):
        shop.sync(AFTER, **SUFFIX)
    assert shop.state() == before
    assert shop.sync(AFTER, **BLANK).success


def test_values_that_only_a_conversion_makes_equal_still_stop_it(world):
    world.sync(BEFORE)
    world.insert("tabThing", ({"email": "1"}, {"email": "01"}, {"email": "1"}))
    with pytest.raises(BlockedMigrationError, match="MF0"):
        world.sync(doctype(field("title"), field("email", "Int", unique=1)), accept={"DS08"})
    result = world.sync(doctype(field("title"), field("email", "Int", unique=1)), accept={"DS08"}, **BLANK)
    assert emails(world) == [1, None, None]
    world.applier.rollback_migration(result.migration_id)
    assert emails(world) == ["1", "01", "1"]


def test_where_rows_may_be_without_a_key_the_key_is_mended_first(world):
    world.run("CREATE TABLE tabThing (name VARCHAR(140) PRIMARY KEY, email TEXT)")
    world.insert("tabThing", ({"name": None, "email": "a"}, {"name": None, "email": "a"}))
    with pytest.raises(UsageError, match="key of tabThing changes as well"):
        world.sync(AFTER, **SUFFIX)


@pytest.mark.parametrize(
    ("after", "answer", "message"),
    [
        (field("email", unique=1, required=1), "blank", "is required, so no row can be left empty"),
        (field("email", "Int", unique=1), "suffix", "becomes integer, which takes no suffix"),
        (field("email", unique=1), "delete", "There is no way 'delete'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(shop, after, answer, message):
    before = shop.state()
    with pytest.raises(UsageError, match=message):
        shop.sync(doctype(field("title"), after), dedupe={"email": answer})
    assert shop.state() == before


def test_a_number_takes_no_suffix_and_a_table_whose_key_changes_no_dedupe(world):
    world.sync(doctype(field("n", "Int")))
    with pytest.raises(UsageError, match="holds integer, which takes no suffix"):
        world.sync(doctype(field("n", "Int", unique=1)), dedupe={"N": "suffix"})
    with pytest.raises(UsageError, match="key of tabThing changes as well"):
        world.sync(doctype(field("n", "Int", unique=1), autoname="autoincrement"), dedupe={"n": "blank"})
    with pytest.raises(UsageError, match=r"no field 'idxx' to make unique.*did you mean idx"):
        world.sync(doctype(field("n", "Int", unique=1)), dedupe={"idxx": "blank"})


def test_a_required_text_is_offered_a_suffix_and_a_required_number_nothing(world):
    rows = ({"a": "x", "b": 1}, {"a": "x", "b": 1})
    world.sync(doctype(field("a", required=1), field("b", "Int", required=1)))
    world.insert("tabThing", rows)
    unique = doctype(field("a", required=1, unique=1), field("b", "Int", required=1, unique=1))
    found = world.declare(unique).applier.dry_run("Thing").findings
    assert [f.repair and f.repair.target for f in found] == ["suffix", None]


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["a", "b", "", None, 1, 1.0, b"a"])), max_size=12))
def test_afterwards_no_two_rows_share_a_value_and_the_first_of_each_kept_it(rows):
    table = {f"R{key}": value for key, value in rows}
    both = Duplicates(source='"t"', column="v", key="name", how="blank", by_bytes=" COLLATE BINARY")
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (name TEXT PRIMARY KEY, v)")
        db.executemany("INSERT INTO t VALUES (?, ?)", table.items())
        foretold = db.execute(f"SELECT * FROM {both.left}").fetchall()
        db.execute(both.update)
        left = dict(db.execute("SELECT name, v FROM t"))
        assert sorted(map(repr, left.values())) == sorted(repr(value) for (value,) in foretold)
    kept: dict[object, str] = {}
    for name in sorted(table):
        if table[name] is not None:
            kept.setdefault(table[name], name)
    assert left == {name: value if kept.get(value) == name else None for name, value in table.items()}


def test_the_operation_and_its_way_back_are_each_others_reverse():
    done = DedupeColumn(table="t", column="c", how="blank", key="name")
    assert done.reverse() == DedupeColumn(table="t", column="c", how="blank", key="name", undone=True)
    assert done.reverse().reverse() == done
