"""Data steps between schema steps: fenced, tried on a copy, backed up, recorded, and taken back to the row."""

import shutil

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.errors import (
    BlockedMigrationError,
    DocTypeNotFoundError,
    MigrationCancelledError,
    MigrationExecutionError,
    MigrationRestoreError,
    MigrationRollbackError,
    PatchRefusedError,
    PlanFileError,
    StalePlanError,
    UnsupportedChangeError,
    UsageError,
)
from sodaf_nb.execution.patching import patch_job
from sodaf_nb.options import ApplyOptions, PatchOptions, RollbackOptions
from sodaf_nb.plan import Plan, RestoreRows, RunPatch
from sodaf_nb.validation.evidence import Effect
from tests.acceptance.making import doctype, field

V1 = doctype(field("title"), field("first"), field("last"), field("qty", "Int"))
SPLIT = """
UPDATE tabThing SET first = substr(title, 1, instr(title, ' ') - 1),
                    last = substr(title, instr(title, ' ') + 1)  -- a comment; with a semicolon
WHERE instr(title, ' ') > 0;
-- nothing follows;
"""
ROWS = (
    {"title": "Ada Lovelace", "qty": 1},
    {"title": "Grace Hopper", "qty": "odd"},
    {"title": "Plato", "last": "of Athens"},
    {"title": b"\xff \x00", "qty": 2.5},
)


@pytest.fixture
def things(world):
    world.sync(V1)
    world.insert("tabThing", ROWS)
    world.before = world.state()
    return world


def patched(world, body, *accept, **options):
    return world.applier.patch("Thing", body, PatchOptions(accept=accept, **options))


def back(world, result, **options):
    return world.applier.rollback_migration(result.migration_id, RollbackOptions(**options))


def test_a_patch_that_fills_empty_columns_needs_no_acceptance_and_goes_back_exactly(things):
    result = patched(things, SPLIT, name="split-names")
    assert things.ask("SELECT name, first, last FROM tabThing WHERE first IS NOT NULL ORDER BY name") == [
        ("R1", "Ada", "Lovelace"),
        ("R2", "Grace", "Hopper"),
        ("R4", b"\xff", b"\x00"),
    ]
    assert (result.outcome, result.affected_rows, bool(result.backup_path)) == ("applied", 3, True)
    back(things, result)
    assert things.state() == things.before


def test_a_dry_run_says_what_the_apply_does_and_changes_nothing(things):
    found = things.applier.dry_run_patch("Thing", SPLIT, PatchOptions(name="split-names", mask=("title",)))
    assert found.success
    assert found.rehearsal.rows_equal
    assert found.rehearsal.objects_equal
    assert things.state() == things.before
    assert {(c.column, c.what, c.rows) for c in found.changes} == {("first", "filled", 3), ("last", "filled", 3)}
    assert {f.rule: f.count for f in found.findings} == {"HY14": 3}
    assert found.sql == patched(things, SPLIT, name="split-names").sql
    assert found.plan.to_rows()[0]["change"] == "SQL patch writes first, last"


def test_overwriting_and_deleting_are_accepted_one_by_one_with_exact_counts(things):
    body = "UPDATE tabThing SET qty = 0 WHERE qty IS NOT NULL; DELETE FROM tabThing WHERE title = 'Plato';"
    with pytest.raises(BlockedMigrationError, match="DS13"):
        patched(things, body, "DS14")
    with pytest.raises(BlockedMigrationError, match="DS14"):
        patched(things, body, "DS13")
    assert things.state() == things.before
    result = patched(things, body, "DS13", "DS14:qty")
    assert {f.rule: f.count for f in result.findings} == {"DS13": 1, "DS14": 3, "HY14": 4}
    assert {f.rule: f.samples for f in result.findings} == {"DS13": ("R3",), "DS14": ("R1", "R2", "R4"), "HY14": ()}
    back(things, result)
    assert things.state() == things.before


def test_a_dry_run_shows_deleted_and_new_rows_beside_changed_ones_and_masks_them(things):
    found = things.applier.dry_run_patch("Thing", MIXED, PatchOptions(accept=("DS13",)))
    shown = {row.key: {cell.name: cell.to_text() for cell in row.cells} for row in found.preview_rows}
    assert shown["R3 (deleted)"] == {"first": "NULL -> dropped", "last": "'of Athens' -> dropped"}
    assert shown["new (new)"] == {"first": "-> NULL", "last": "-> NULL"}
    assert shown["R1"] == {"first": "NULL -> 'Ada'", "last": "NULL -> 'Lovelace'"}
    hidden = things.applier.dry_run_patch("Thing", MIXED, PatchOptions(mask=("name", "last")))
    assert "R3" not in repr(hidden)
    assert "Athens" not in repr(hidden)
    only = things.applier.dry_run_patch("Thing", "INSERT INTO tabThing (name, title) VALUES ('n', 't')")
    assert only.preview_rows[0].key == "n (new)"


def test_inserted_rows_go_again_and_a_patch_that_only_inserts_needs_no_backup(things):
    body = "INSERT INTO tabThing (name, title) SELECT name || '-copy', title FROM tabThing WHERE qty = 1"
    result = patched(things, body)
    assert things.ask("SELECT title FROM tabThing WHERE name = 'R1-copy'") == [("Ada Lovelace",)]
    assert result.backup_path is None
    back(things, result)
    assert things.state() == things.before


LATER = (
    "UPDATE tabThing SET first = 'Augusta' WHERE name = 'R1'",
    "UPDATE tabThing SET title = 'edited' WHERE name = 'new'",
    "INSERT INTO tabThing (name, title) VALUES ('R3', 'made again')",
    "INSERT INTO tabThing (name, title) VALUES ('later', 'stays')",
)
MIXED = f"{SPLIT} INSERT INTO tabThing (name) VALUES ('new'), ('other'); DELETE FROM tabThing WHERE title = 'Plato'"


def test_later_writes_stay_and_are_named(things):
    result = patched(things, MIXED, "DS13")
    things.run(*LATER)
    undone = back(things, result)
    assert things.ask("SELECT name, title, first, last FROM tabThing WHERE name <> 'R4' ORDER BY name") == [
        ("R1", "Ada Lovelace", "Augusta", None),
        ("R2", "Grace Hopper", None, None),
        ("R3", "made again", None, None),
        ("later", "stays", None, None),
        ("new", "edited", None, None),
    ]
    said = " ".join(undone.warnings)
    assert "1 value of tabThing.first edited since the migration" in said
    assert "such as 'new'" in said
    assert "made again" not in said  # keys only, never what stands in a row


def test_older_values_win_when_asked_for_and_a_later_write_can_stop_it(things):
    result = patched(things, MIXED, "DS13")
    things.run(*LATER)
    edited = things.state()
    with pytest.raises(MigrationRollbackError, match="STOP the rollback"):
        back(things, result, on_conflict="stop")
    assert things.state() == edited
    undone = back(things, result, on_conflict="take_older")
    assert "OVERWRITTEN by those of the backup" in " ".join(undone.warnings)
    things.run("DELETE FROM tabThing WHERE name = 'later'")
    assert things.state().without_rowids() == things.before.without_rowids()


def test_a_rollback_is_taken_back_as_well_and_the_patch_is_in_force_again(things):
    result = patched(things, MIXED, "DS13", name="mixed")
    after = things.state()
    undone = back(things, result)
    assert things.applier.dry_run_rollback(undone.migration_id).rehearsal.rows_equal
    back(things, undone)
    assert things.state() == after
    assert patched(things, MIXED, "DS13", name="mixed").outcome == "nothing_to_do"
    things.applier.rollback_migration(things.applier.history.get_migration_history()[0].id)
    assert things.state() == things.before
    assert patched(things, MIXED, "DS13", name="mixed").outcome == "applied"


def test_the_same_patch_twice_is_nothing_to_do_and_another_of_its_name_is_refused(things):
    patched(things, SPLIT, name="split-names")
    state = things.state()
    again = patched(things, SPLIT, name="split-names")
    assert (again.outcome, again.metadata["reason"]) == ("nothing_to_do", "The patch split-names is in force already.")
    with pytest.raises(UsageError, match="Another patch named split-names"):
        patched(things, "UPDATE tabThing SET last = 'x'", name="split-names")
    assert things.state() == state
    assert things.applier.dry_run_patch("Thing", SPLIT, PatchOptions(name="split-names")).rehearsal is None


def test_a_patch_that_changes_nothing_is_nothing_to_do(things):
    for body in ("SELECT value FROM json_each('[1]')", "UPDATE tabThing SET title = title", "-- only a remark"):
        assert patched(things, body).outcome == "nothing_to_do"
    assert things.statuses() == ["applied"]


def test_the_history_has_what_ran_and_the_audit_log_agrees(things):
    patched(things, SPLIT, name="split-names")
    record = things.applier.history.get_migration_history()[0]
    assert set(record.metadata["patch"]) == {"split-names"}
    assert record.statements[0]["rows"] == 3
    assert "a semicolon" in record.sql[0]
    assert [row["kind"] for row in things.applier.history.get_migration_history().to_rows()] == ["patch", "sync"]
    assert things.applier.history.verify_audit().problems == ()


FENCED = {
    "ATTACH DATABASE 'other.db' AS x": "attach a file",
    "PRAGMA writable_schema = 1": "pragma",
    "PRAGMA journal_mode": "pragma",
    "CREATE TABLE x (a)": "change the schema",
    "CREATE TEMP TABLE x (a)": "change the schema",
    "DROP TABLE tabThing": "change the schema",
    "ALTER TABLE tabThing ADD COLUMN x": "change the schema",
    "COMMIT": "a transaction",
    "BEGIN": "a transaction",
    "SAVEPOINT x": "savepoint",
    "ROLLBACK TO sodaf_step_0": "savepoint",
    "REINDEX": "change the schema",
    "ANALYZE": "change the schema",
    "VACUUM": "(attach|VACUUM|refused)",
    "VACUUM INTO 'other.db'": "(attach|VACUUM|refused)",
    "SELECT load_extension('x')": "load_extension",
    "SELECT sql FROM sqlite_master": "reads sqlite_master",
    "SELECT * FROM tabMigrationHistory": "reads tabMigrationHistory",
    "DELETE FROM tabMigrationAudit": "writes tabMigrationAudit",
    "UPDATE sqlite_master SET sql = ''": "may not be modified",
    "INSERT INTO tabOther (name) VALUES ('x')": "writes tabOther",
    "UPDATE tabThing SET name = 'x'": "writes the key name",
    "UPDATE tabThing SET rowid = 7": "writes the key name",
    "SELECT * FROM temp.sodaf_rows": "reads sodaf_rows",
    "SELECT * FROM pragma_database_list": "(pragma|change the schema)",
}


@pytest.mark.parametrize("statement", FENCED)
def test_a_statement_that_is_no_change_of_its_own_rows_is_refused(things, statement):
    things.run("CREATE TABLE tabOther (name TEXT PRIMARY KEY)")
    before = things.state()
    body = f"UPDATE tabThing SET qty = 5 WHERE name = 'R1'; {statement}; DELETE FROM tabThing"
    with pytest.raises((PatchRefusedError, MigrationExecutionError), match=FENCED[statement]):
        patched(things, body, "DS13", "DS14")
    assert things.state() == before
    assert things.statuses() == ["applied"]


def test_a_trigger_that_writes_the_table_itself_is_counted_and_taken_back(things):
    things.run(
        "CREATE TRIGGER touched AFTER UPDATE OF first ON tabThing BEGIN "
        "UPDATE tabThing SET qty = 99, modified = 'now' WHERE name = NEW.name; END",
    )
    things.before = things.state()
    with pytest.raises(BlockedMigrationError, match=r"DS14.*tabThing\.qty"):
        patched(things, SPLIT)
    result = patched(things, SPLIT, "DS14")
    assert things.ask("SELECT qty, modified FROM tabThing WHERE name = 'R1'") == [(99, "now")]
    back(things, result)
    assert things.state() == things.before


def test_a_trigger_that_writes_another_table_is_refused_by_name(things):
    things.run(
        "CREATE TABLE log (what)",
        "CREATE TRIGGER logged AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (NEW.name); END",
    )
    with pytest.raises(PatchRefusedError, match="writes log through the trigger logged"):
        patched(things, SPLIT)
    assert things.ask("SELECT * FROM log") == []


def test_rows_that_would_lose_their_place_are_not_replaced(things):
    with pytest.raises(PatchRefusedError, match="it replaces rows"):
        patched(things, "INSERT OR REPLACE INTO tabThing (name, title) VALUES ('R1', 'x')", "all")
    upsert = "INSERT INTO tabThing (name, title) VALUES ('R1', 'x') ON CONFLICT (name) DO UPDATE SET title = 'x'"
    result = patched(things, upsert, "DS14")
    assert things.ask("SELECT title FROM tabThing WHERE name = 'R1'") == [("x",)]
    back(things, result)
    assert things.state() == things.before


def test_rows_others_point_to_are_not_deleted(things):
    things.run(
        "CREATE TABLE child (a TEXT REFERENCES tabThing(name) ON DELETE CASCADE)", "INSERT INTO child VALUES ('R1')"
    )
    with pytest.raises(MigrationExecutionError, match="child would point to rows that no longer exist"):
        patched(things, "DELETE FROM tabThing WHERE name = 'R1'", "DS13")
    assert things.ask("SELECT name FROM tabThing WHERE name = 'R1'") == [("R1",)]
    assert things.statuses() == ["applied", "failed"]


def test_values_trade_places_and_checks_over_two_columns_hold_on_the_way_back(world):
    world.sync(doctype(field("code", unique=1), field("a"), field("b")))
    world.run(
        "DROP TABLE tabThing",
        "CREATE TABLE tabThing (name TEXT NOT NULL PRIMARY KEY, code TEXT, a TEXT, b TEXT, "
        "CHECK ((a IS NULL) <> (b IS NULL)))",
        "CREATE UNIQUE INDEX codes ON tabThing (code)",
        "INSERT INTO tabThing VALUES ('R1', 'x', 'left', NULL), ('R2', 'y', NULL, 'right')",
    )
    before = world.state()
    swap = "UPDATE tabThing SET a = b, b = a, code = code || '2'"
    body = f"{swap}; UPDATE tabThing SET code = CASE code WHEN 'x2' THEN 'y' ELSE 'z' END"
    result = patched(world, body, "DS14")
    assert world.ask("SELECT code, a, b FROM tabThing ORDER BY name") == [("y", None, "left"), ("z", "right", None)]
    back(world, result)
    assert world.state() == before


def test_numbers_the_engine_gave_out_are_taken_back_unless_somebody_got_one_since(world):
    world.sync(doctype(field("title"), autoname="autoincrement"))
    world.run("INSERT INTO tabThing (title) VALUES ('a'), ('b')")
    before = world.state()
    result = patched(world, "INSERT INTO tabThing (title) VALUES ('c')")
    assert world.state().counters["tabThing"] == 3
    back(world, result)
    assert world.state() == before
    result = patched(world, "INSERT INTO tabThing (title) VALUES ('c')")
    world.run("INSERT INTO tabThing (title) VALUES ('later')")
    back(world, result)
    assert world.ask("SELECT name, title FROM tabThing") == [(1, "a"), (2, "b"), (4, "later")]
    assert world.state().counters["tabThing"] == 4


FUNCTION = """
def change(row):
    if row["title"] == "Plato":
        return DELETE
    if not isinstance(row["title"], str):
        return None
    first, _, last = row["title"].partition(" ")
    return {"first": first, "Last": last, "qty": row["qty"] == 1}
"""


def test_python_sets_values_and_deletes_rows_and_goes_back(things):
    options = {"language": "python", "name": "py"}
    with pytest.raises(BlockedMigrationError):
        patched(things, FUNCTION, **options)
    result = patched(things, FUNCTION, "DS13", "DS14", **options)
    assert things.ask("SELECT name, first, last, qty FROM tabThing ORDER BY name") == [
        ("R1", "Ada", "Lovelace", 1),
        ("R2", "Grace", "Hopper", 0),
        ("R4", None, None, 2.5),
    ]
    assert result.sql[0].startswith("-- py: Python, sha256 ")
    back(things, result)
    assert things.state() == things.before


def test_an_expression_is_enough_and_undecodable_texts_come_as_bytes(things):
    things.run("UPDATE tabThing SET last = CAST(x'ff' AS TEXT) WHERE name = 'R1'")
    body = "{'first': 'bytes'} if isinstance(row['last'], bytes) else None"
    patched(things, body, language="python")
    assert things.ask("SELECT name FROM tabThing WHERE first = 'bytes'") == [("R1",)]


def test_python_reads_in_batches_and_sees_the_rows_as_they_were(world, monkeypatch):
    monkeypatch.setattr("sodaf_nb.database.patching.running._BATCH", 7)
    world.sync(doctype(field("title"), field("qty", "Int")))
    world.insert("tabThing", [{"name": f"r{n:03}", "title": str(n)} for n in range(50)])
    patched(world, "{'qty': int(row['title'])} if row['qty'] is None else {}", language="python")
    assert world.ask("SELECT count(*), sum(qty) FROM tabThing WHERE qty = CAST(title AS INTEGER)") == [(50, 1225)]


PYTHON_REFUSED = {
    "def change(row): return row['secret-x']": (PatchRefusedError, "failed: KeyError in line 1"),
    "1 / 0": (PatchRefusedError, "ZeroDivisionError in line 1"),
    "raise RuntimeError('boom')": (PatchRefusedError, "failed: RuntimeError in line 1"),
    "{'name': 'x'}": (PatchRefusedError, "name is no column that it may set"),
    "{'first': [1]}": (PatchRefusedError, "first cannot hold a list"),
    "{'qty': 2**63}": (PatchRefusedError, "qty cannot hold a int"),
    "'text'": (PatchRefusedError, "gave a str"),
    "def other(row): pass": (UsageError, "defines no function change"),
    "def change(row:": (UsageError, "not Python.*line 1"),
    "x = 'a\0b'": (UsageError, "not Python"),
    "  ": (UsageError, "is empty"),
}


@pytest.mark.parametrize("body", PYTHON_REFUSED)
def test_python_that_fails_changes_nothing_and_tells_no_row(things, body):
    error, words = PYTHON_REFUSED[body]
    with pytest.raises(error, match=words) as caught:
        patched(things, body, "all", language="python")
    assert "Lovelace" not in str(caught.value)
    assert "boom" not in str(caught.value)
    assert things.state() == things.before


def test_python_sees_no_connection_and_its_writes_are_fenced_too(things):
    things.run(
        "CREATE TABLE log (what)",
        "CREATE TRIGGER logged AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (NEW.name); END",
    )
    with pytest.raises(PatchRefusedError, match="writes log through the trigger logged"):
        patched(things, "{'first': 'x'}", language="python")


def test_a_patch_needs_a_sound_name_a_body_a_doctype_and_its_table(things):
    for name in ("a/b", " x", "x" * 81, "<script>"):
        with pytest.raises(UsageError, match="no name for a patch"):
            patched(things, SPLIT, name=name)
    with pytest.raises(UsageError, match="is empty"):
        patched(things, " \n")
    with pytest.raises(UsageError, match="not written in 'ruby'"):
        patched(things, SPLIT, language="ruby")
    with pytest.raises(UsageError, match="longer than"):
        patched(things, "-" * 1_000_001)
    with pytest.raises(UsageError):
        patched(things, SPLIT, "XX99")
    with pytest.raises(DocTypeNotFoundError):
        things.applier.patch("Nothing", SPLIT)
    things.declare(doctype(field("a"), name="Unborn"))
    with pytest.raises(UnsupportedChangeError, match="no table tabUnborn"):
        things.applier.patch("Unborn", SPLIT)


def test_rows_that_could_not_be_told_again_are_not_patched(things):
    things.run("DROP TABLE tabThing", "CREATE TABLE tabThing (name TEXT PRIMARY KEY, title TEXT)")
    with pytest.raises(UnsupportedChangeError, match="cannot be told again"):
        patched(things, "UPDATE tabThing SET title = 'x'")
    things.run("DROP TABLE tabThing", "CREATE TABLE tabThing (rowid, oid, _rowid_, name TEXT NOT NULL PRIMARY KEY)")
    with pytest.raises(MigrationExecutionError, match="hide its rowid"):
        patched(things, "UPDATE tabThing SET oid = 'x'")


def test_an_engine_without_a_fence_runs_no_patch(things, monkeypatch):
    monkeypatch.setattr(type(things.database.dialect), "has_fence", False)
    with pytest.raises(UnsupportedChangeError, match="has no fence"):
        patched(things, SPLIT)
    assert things.statuses() == ["applied"]


def test_a_full_text_index_over_the_table_is_named(things):
    things.run("CREATE VIRTUAL TABLE found USING fts5(title, content=tabThing)")
    with pytest.raises(UnsupportedChangeError, match="found is built on tabThing"):
        patched(things, SPLIT)


def test_rows_that_moved_after_the_trial_stop_what_no_backup_would_hold(things):
    body = "UPDATE tabThing SET first = 'x', last = CASE WHEN qty = 7 THEN 'seven' ELSE last END WHERE name <> 'R3'"
    judge = things.applier._judge
    job = patch_job(judge, "Thing", body, PatchOptions(), lambda _what: None)
    assert job.plan.operations[0].columns == ("first",)
    things.run("UPDATE tabThing SET qty = 7 WHERE name = 'R1'")
    moved = things.state()
    with pytest.raises(StalePlanError, match="would write what it did not when it was tried: last"):
        things.applier._executor.execute(job)
    assert things.state() == moved
    job = patch_job(judge, "Thing", "UPDATE tabThing SET first = 'x'", PatchOptions(), lambda _what: None)
    things.run("UPDATE tabThing SET first = 'meanwhile' WHERE name = 'R2'")
    moved = things.state()
    with pytest.raises(BlockedMigrationError, match="DS14"):
        things.applier._executor.execute(job)
    assert things.state() == moved
    assert things.statuses() == ["applied", "failed", "failed"]


def test_a_row_made_again_under_a_deleted_key_is_backed_up_before_the_older_one_wins(things):
    result = patched(things, "DELETE FROM tabThing WHERE name = 'R3'", "DS13")
    things.run("INSERT INTO tabThing (name, title) VALUES ('R3', 'made again')")
    edited = things.state()
    undone = back(things, result, on_conflict="take_older")
    assert things.ask("SELECT title FROM tabThing WHERE name = 'R3'") == [("Plato",)]
    back(things, undone)
    assert things.state().without_rowids() == edited.without_rowids()


def test_a_damaged_backup_or_none_changes_nothing(things):
    result = patched(things, SPLIT)
    after = things.state()
    shutil.rmtree(result.backup_path)
    with pytest.raises(MigrationRestoreError):
        back(things, result)
    assert things.state() == after


def test_a_stopped_patch_leaves_everything_as_it_was(things):
    def progress(what, _done, _total):
        if "tabThing (" in what and not what.startswith("rehearse"):
            raise KeyboardInterrupt

    applier = MigrationApplier(
        things.database, things.doctypes, ApplyOptions(backup_dir=things.backups, progress=progress)
    )
    with pytest.raises(MigrationCancelledError):
        applier.patch("Thing", SPLIT)
    assert things.state() == things.before
    assert things.statuses() == ["applied", "failed"]
    things.applier.patch("Thing", SPLIT)
    assert things.statuses() == ["applied", "failed", "applied"]


def test_a_patch_is_dry_run_through_apply_and_stands_in_the_way_of_older_rollbacks(things):
    first = things.applier.history.get_migration_history()[0].id
    tried = things.applier.patch("Thing", SPLIT, PatchOptions(dry_run=True))
    assert (tried.outcome, things.state()) == ("not_applied", things.before)
    patched(things, SPLIT)
    with pytest.raises(MigrationRollbackError, match="Newer migrations"):
        things.applier.rollback_migration(first)


def test_nothing_of_deleted_rows_stays_in_the_database(things):
    patched(things, "DELETE FROM tabThing WHERE name = 'R2'", "DS13")
    things.run("VACUUM")
    assert b"Grace Hopper" not in things.file.read_bytes()


def test_a_patch_is_no_plan_to_be_applied_from_a_file(things, tmp_path):
    plan = things.applier.dry_run_patch("Thing", SPLIT).plan
    with pytest.raises(PlanFileError, match="holds a data step"):
        Plan.load(plan.save(tmp_path / "plan.json"))


def test_the_way_back_of_a_way_back_does_the_opposite():
    patch = RunPatch(table="t", name="n", language="sql", body="x", columns=("a",), deletes=True)
    undone = patch.undone("M1", "keep_newer")
    assert (undone.noted, undone.inserts, undone.deletes, undone.columns) == (patch.mark, True, False, ("a",))
    redone = undone.undone("M2", "stop")
    assert (redone.noted, redone.deletes, redone.on_conflict) == ("undo M1", True, "stop")
    assert (patch.reverse(), undone.reverse()) == (patch, undone)
    assert isinstance(redone, RestoreRows)
    assert Effect(inserted=1, updated=2, deleted=3).rows == 6


def test_a_patch_that_somebody_else_made_meanwhile_is_not_made_again(things):
    options = PatchOptions(name="add")
    job = patch_job(things.applier._judge, "Thing", "INSERT INTO tabThing (name) VALUES ('new')", options, print)
    things.applier._executor.execute(job)
    with pytest.raises(StalePlanError, match=r"add is in force already\. Nothing was changed"):
        things.applier._executor.execute(job)
    assert things.statuses() == ["applied", "applied"]


def test_a_rollback_made_before_a_newer_patch_does_not_undercut_it(things):
    first = patched(things, SPLIT, name="split-names")
    job = things.applier._rollback_job(things.applier.history.require(first.migration_id), RollbackOptions())
    patched(things, "INSERT INTO tabThing (name) VALUES ('new')", name="add")
    before = things.state()
    with pytest.raises(MigrationRollbackError, match="Newer migrations of the same table"):
        things.applier._executor.execute(job)
    assert things.state() == before


def test_a_patch_whose_notes_are_gone_is_not_said_to_be_taken_back(things):
    result = patched(things, SPLIT, name="split-names")
    things.run("DELETE FROM tabMigrationPatch")
    with pytest.raises(MigrationRollbackError, match="What was noted of that patch is gone"):
        back(things, result)
    assert things.statuses() == ["applied", "applied"]
