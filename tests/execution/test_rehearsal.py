"""The dry run really runs: up and back on a private copy, and says exactly what came of it."""

import hashlib
import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database, copysize
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import MigrationCancelledError, StalePlanError, UsageError
from sodaf_nb.execution import rehearsal as module
from sodaf_nb.options import ApplyOptions, RollbackOptions, SyncOptions
from sodaf_nb.plan import CreateIndex, RestoreColumn
from sodaf_nb.plan.rollback import make_rollback
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.sql.script import Step
from tests.acceptance.making import World, doctype, field

V1 = doctype(field("title"), field("qty"), field("gone"), field("shelf"))
V2 = doctype(field("title"), field("qty", "Int"), field("mark"), field("state", default="Open"))
QUANTITIES = ("1", "007", None, "x", "5")
ROWS = tuple({"title": f"t{n}", "qty": q, "gone": f"g{n}", "shelf": f"s{n}"} for n, q in enumerate(QUANTITIES))
ANSWERS = {"removed_fields": "drop", "field_renames": {"shelf": "mark"}, "accept": {"DS03", "DS08"}}
OPTIONS = SyncOptions(**ANSWERS)
EQUAL = "Rehearsed on a copy with all 5 rows: up and back, rows and objects equal."


@pytest.fixture
def shop(world):
    world.sync(V1)
    world.insert("tabThing", ROWS)
    return world.declare(V2)


def dry(world, **options):
    return world.applier.dry_run("Thing", replace(OPTIONS, **options))


def left_behind():
    return sorted(file.name for file in Path(tempfile.gettempdir()).glob("sodaf-*"))


def verdict(found):
    return found.ran_up, found.ran_down, found.rows_equal, found.objects_equal, found.problem


# ---------------------------------------------------------------- nothing but reading


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("scope", ["full", "sample"])
def test_no_byte_of_the_database_changes_and_nothing_is_left(shop, journal, scope):
    with closing(sqlite3.connect(shop.file, isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={journal}").fetchall()
        other.execute("UPDATE tabThing SET title = 'written' WHERE name = 'R2'")  # in WAL mode it stays in the log
        before = files(shop)
        found = dry(shop, rehearsal=scope)
        assert files(shop) == before
        assert found.rehearsal.success
        assert ("'written'", "'written'") not in [c.samples for c in found.changes]
        other.execute("UPDATE tabThing SET title = 'later'")  # its lock and its log are as they were
    assert left_behind() == []


def files(world):
    kept = [f for f in world.folder.iterdir() if f.is_file() and not f.name.endswith(("-shm", "-lock"))]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in kept}


def test_a_database_in_memory_is_rehearsed_as_well(tmp_path):
    doctypes = DocTypeEngine()
    database = Database("sqlite://")
    applier = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "b"))
    doctypes.register(V1)
    applier.sync_doctype("Thing")
    with database.write() as session:
        session.execute("INSERT INTO tabThing (name, qty, gone) VALUES ('a', '7', 'g')")
    doctypes.register(V2)
    for scope in ("full", "sample"):
        found = applier.dry_run("Thing", replace(OPTIONS, rehearsal=scope))
        assert verdict(found.rehearsal) == (True, True, True, True, "")
        assert [(c.column, c.what, c.rows) for c in found.changes] == [
            ("qty", "converted", 1),
            ("state", "added", 1),
            ("gone", "dropped", 1),
        ]
    with database.read() as session:
        assert session.rows("SELECT name, qty, gone FROM tabThing") == [("a", "7", "g")]
    database.close()
    assert left_behind() == []


def test_a_writer_who_holds_a_database_in_memory_is_named_and_not_waited_for_for_ever(tmp_path):
    doctypes = DocTypeEngine()
    database = Database("sqlite://", lock_timeout_s=0.2)
    applier = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "b"))
    doctypes.register(V1)
    job = applier._job("Thing", SyncOptions())
    with database.write() as session:
        session.execute("CREATE TABLE other (x)")
        found = applier._rehearser.rehearse(job).rehearsal
    assert found.problem.startswith("no copy could be made: ")
    assert "lock" in found.problem or "writer" in found.problem
    database.close()


def test_while_it_runs_others_may_write(shop):
    def write(what, _done, _total):
        if not what.startswith("rehearse: copy"):
            shop.run("UPDATE tabThing SET idx = idx + 1")

    shop.applier = applier(shop, progress=write)
    assert dry(shop).rehearsal.to_text() == EQUAL
    assert shop.ask("SELECT min(idx) FROM tabThing")[0][0] > 5


def applier(world, **options):
    given = ApplyOptions(backup_dir=world.backups, applied_by="tester", **options)
    return MigrationApplier(world.database, world.doctypes, given)


# ---------------------------------------------------------------- stopping


class StopError(Exception):
    pass


@pytest.mark.parametrize("error", [StopError, KeyboardInterrupt, StalePlanError])
def test_whatever_progress_raises_ends_it_and_nothing_is_left(shop, error):
    told = []
    shop.applier = applier(shop, progress=lambda *step: told.append(step))
    dry(shop)
    assert [phase for _what, phase, _total in told] == sorted(phase for _what, phase, _total in told)
    assert {total for _what, _phase, total in told} == {6}
    before, state = files(shop), shop.state()
    for place in range(len(told)):
        steps = iter(range(place))

        def stop(*_step, steps=steps):
            if next(steps, None) is None:
                raise error("stop")

        shop.applier = applier(shop, progress=stop)
        with pytest.raises(MigrationCancelledError if error is KeyboardInterrupt else error):
            dry(shop)
        assert left_behind() == []
    assert files(shop) == before
    assert shop.state() == state


# ---------------------------------------------------------------- what it says


def test_the_statements_are_those_of_the_apply(shop):
    found = dry(shop)
    result = shop.sync(V2, **ANSWERS)
    assert found.rehearsal.script == result.metadata["script"]
    assert found.sql == result.sql


def test_changes_are_counted_exactly_with_values_before_and_after(shop):
    found = dry(shop)
    assert [(c.table, c.column, c.what, c.rows, c.samples) for c in found.changes] == [
        ("tabThing", "qty", "converted", 2, (("'1'", "1"), ("'5'", "5"))),
        ("tabThing", "qty", "nulled", 2, (("'007'", None), ("'x'", None))),
        ("tabThing", "state", "added", 5, ((None, "'Open'"),) * 5),
        ("tabThing", "gone", "dropped", 5, tuple((f"'g{n}'", None) for n in range(5))),
    ]


def test_a_preview_shows_rows_that_change_most_first(shop):
    frame = dry(shop).preview()
    assert list(frame.columns) == [
        "table",
        "row",
        "qty (before)",
        "qty (after)",
        "shelf (before)",
        "mark (after)",
        "state (after)",
        "gone (before)",
    ]
    assert [tuple(row) for row in frame[["row", "qty (before)", "qty (after)"]].itertuples(index=False)] == [
        ("R1", "'1'", "1"),
        ("R2", "'007'", None),
        ("R4", "'x'", None),
        ("R5", "'5'", "5"),
        ("R3", None, None),
    ]
    assert list(dry(shop).preview(2)["row"]) == ["R1", "R2"]
    assert len(dry(shop).preview(0)) == 0


def test_a_preview_of_a_change_of_the_schema_alone_shows_that_no_value_changes(world):
    world.sync(V1)
    world.insert("tabThing", ROWS[:1])
    world.declare(doctype(field("title", search_index=1), field("qty"), field("gone"), field("shelf")))
    found = world.applier.dry_run("Thing")
    assert (found.changes, list(found.preview()["row"])) == ((), ["R1"])
    assert "Rows before" not in repr(found)


def test_times_are_attributes_and_in_json_but_never_shown(shop):
    found = dry(shop)
    assert 0 < found.estimated_lock_s < found.estimated_time_s
    assert found.rehearsal.seconds > found.rehearsal.seconds_up > 0
    assert found.rehearsal.seconds_backup > 0
    assert found.rehearsal.seconds_down > 0
    stored = json.loads(found.to_json())
    assert stored["estimated_time_s"] == found.estimated_time_s
    assert stored["rehearsal"]["seconds_up"] == found.rehearsal.seconds_up
    again = dry(shop)
    for show in (repr, type(found)._repr_html_, type(found).to_markdown, lambda d: repr(d.rehearsal)):
        assert show(found) == show(again)


def test_a_result_shows_the_rehearsal_and_a_few_rows(shop):
    found = dry(shop)
    assert EQUAL in found.notes()
    assert "R2   '007' -> NULL  's1'           -> 'Open'  'g1' -> dropped" in repr(found)
    markdown = found.to_markdown()
    assert "| tabThing.qty | nulled | 2 |" in markdown
    assert "| R2 | '007' -> NULL | 's1' | -> 'Open' | 'g1' -> dropped |" in markdown


def test_hostile_values_are_escaped_and_bounded(shop):
    shop.run(
        "DELETE FROM tabThing WHERE name > 'R3'",
        "UPDATE tabThing SET qty = '<img src=x>|' || char(10, 27) || replace(hex(zeroblob(500)), '0', 'y')",
        "UPDATE tabThing SET gone = CAST(x'ff61' AS TEXT), shelf = x'00ff' WHERE name = 'R1'",
    )
    found = dry(shop)
    assert found.rehearsal.success
    (first, *_rest) = found.preview_rows
    texts = {cell.name: cell.before for cell in first.cells}
    assert (texts["gone"], texts["shelf -> mark"]) == ("'\\xff'"[:5] + "a'", "x'00ff'")
    assert len(texts["qty"]) <= 62
    assert "<img" not in found._repr_html_()
    assert "\x1b" not in repr(found) + found.to_markdown() + found._repr_html_()
    assert "| \\<img src=x>\\|" not in found.to_markdown()
    assert "\\<img src=x>\\|" in found.to_markdown()


# ---------------------------------------------------------------- masked values


def test_masked_values_are_nowhere(shop):
    found = dry(shop, mask={"SHELF", "qty", "name"})
    shown = repr(found) + found._repr_html_() + found.to_json() + found.to_markdown() + found.preview().to_string()
    for secret in ("'s1'", "'007'", "R2", "R4"):
        assert secret not in shown
    assert found.changes[0].samples == (("***", "***"),) * 2
    assert [f.samples for f in found.findings if f.samples] == [("***",) * 5, ("***",) * 2]
    assert "'g1'" in shown


def test_the_values_of_equal_groups_are_masked_as_well(world):
    world.sync(V1)
    world.insert("tabThing", ({"title": "secret"}, {"title": "secret"}))
    world.declare(doctype(field("name2", unique=1), field("qty"), field("gone"), field("shelf")))
    options = SyncOptions(field_renames={"title": "name2"}, mask=["title"])
    found = world.applier.dry_run("Thing", options)
    assert [f.samples for f in found.findings if f.samples] == [("***",)]
    assert "secret" not in repr(found) + found.to_json()


@pytest.mark.parametrize("mask", [("tilte",), "title"])
def test_a_mask_that_names_no_column_is_an_error(shop, mask):
    with pytest.raises(UsageError, match="There is no column"):
        dry(shop, mask=mask)
    dry(shop, mask=["mark", "Title"])


# ---------------------------------------------------------------- going wrong


def test_a_way_back_that_forgets_values_is_reported(shop, monkeypatch):
    """A planted bug: the rollback no longer restores the dropped column."""

    def forgetful(*args, **kwargs):
        plan = make_rollback(*args, **kwargs)
        kept = (o for o in plan.operations if not (isinstance(o, RestoreColumn) and o.column == "gone"))
        return replace(plan, operations=tuple(kept))

    monkeypatch.setattr(module, "make_rollback", forgetful)
    found = dry(shop)
    assert verdict(found.rehearsal) == (True, True, False, True, "the way back: not as before: rows of tabThing")
    assert not found.success
    assert "the rehearsal FAILED" in found.heading()
    assert found.errors[-1] == (
        "The rehearsal on a copy with all 5 rows FAILED: the way back: not as before: rows of tabThing"
    )
    assert f"ERROR {found.errors[-1]}" in repr(found)


def test_a_way_back_that_forgets_an_index_is_reported(world, monkeypatch):
    def forgetful(*args, **kwargs):
        plan = make_rollback(*args, **kwargs)
        return replace(plan, operations=tuple(o for o in plan.operations if not isinstance(o, CreateIndex)))

    world.sync(doctype(field("title", search_index=1)))
    monkeypatch.setattr(module, "make_rollback", forgetful)
    found = world.declare(doctype(field("title"), field("more"))).applier.dry_run("Thing")
    assert verdict(found.rehearsal)[2:] == (
        True,
        False,
        "the way back: not as before: index ix_tabthing_title",
    )


@pytest.mark.parametrize(
    ("edit", "rows"),
    [
        ("UPDATE tabThing SET title = title || '!' WHERE name = 'R1'", "rows of tabThing"),
        ("UPDATE tabThing SET idx = idx + 0.5", "rows of tabThing"),
        ("UPDATE other SET x = -0.0", "rows of other"),
        ("UPDATE counted SET t = 'u'; DELETE FROM counted", "rows of counted"),
        ("UPDATE sqlite_sequence SET seq = 9", "rows of counted"),
    ],
)
def test_a_script_that_touches_more_than_it_says_is_noticed(shop, monkeypatch, edit, rows):
    shop.run(
        "CREATE TABLE other (x)",
        "INSERT INTO other VALUES (0.0)",
        "CREATE TABLE counted (i INTEGER PRIMARY KEY AUTOINCREMENT, t)",
        "INSERT INTO counted (t) VALUES (1.0)",
    )
    generate = SQLGenerator.generate

    def meddling(self, plan, live, **options):
        script = generate(self, plan, live, **options)
        if plan.kind == "rollback":
            return script
        step = Step(title="meddle", path="in place", table="other", statements=tuple(edit.split("; ")))
        return replace(script, up=(*script.up, step))

    monkeypatch.setattr(SQLGenerator, "generate", meddling)
    monkeypatch.setattr("sodaf_nb.execution.judging.syntax_errors", lambda *_a, **_k: ())
    found = dry(shop)
    assert found.rehearsal.problem == f"the way back: not as before: {rows}"
    assert found.rehearsal.tables == ("counted", "other", "tabThing")


def test_values_of_columns_the_plan_does_not_name_are_compared_as_well(shop, monkeypatch):
    generate = SQLGenerator.generate

    def meddling(self, plan, live, **options):
        script = generate(self, plan, live, **options)
        step = Step(title="m", path="in place", table="tabThing", statements=("UPDATE tabThing SET title = NULL",))
        return script if plan.kind == "rollback" else replace(script, up=(*script.up, step))

    monkeypatch.setattr(SQLGenerator, "generate", meddling)
    assert ("title", "nulled", 5) in [(c.column, c.what, c.rows) for c in dry(shop).changes]


def test_a_step_that_the_engine_refuses_is_named_and_the_values_are_shown_all_the_same(world):
    world.sync(V1)
    world.insert("tabThing", ({"title": "same", "qty": "1"}, {"title": "same", "qty": "2"}))
    world.declare(doctype(field("title", unique=1), field("qty", "Int"), field("gone"), field("shelf")))
    found = world.applier.dry_run("Thing")
    assert not found.success
    assert "BLOCKED by findings" in found.heading()
    assert (found.rehearsal.ran_up, found.estimated_time_s) == (False, None)
    assert found.rehearsal.problem.endswith("UNIQUE constraint failed: tabThing.title")
    assert [(c.column, c.what, c.rows) for c in found.changes] == [("qty", "converted", 2)]


def test_a_table_that_cannot_be_made_has_no_preview(world):
    world.sync(V1)
    world.insert("tabThing", ({"title": None},))
    world.declare(doctype(field("title", required=1), field("qty"), field("gone"), field("shelf")))
    found = world.applier.dry_run("Thing")
    assert "tabThing.title must not be empty, and rows are" in found.rehearsal.problem
    assert (found.changes, found.preview_rows) == ((), ())


def test_a_way_back_that_is_known_to_be_impossible_is_said_and_is_no_failure(shop, monkeypatch):
    generate = SQLGenerator.generate

    def one_way(self, plan, live, **options):
        script = generate(self, plan, live, **options)
        if plan.kind == "rollback":
            raise UsageError("no way")
        return replace(script, down=(), problem="the way back leaves index i different")

    monkeypatch.setattr(SQLGenerator, "generate", one_way)
    found = dry(shop)
    assert found.success
    assert verdict(found.rehearsal) == (True, False, False, False, "")
    assert found.rehearsal.to_text() == (
        "Rehearsed on a copy with all 5 rows: up; the way back is known not to be exact: "
        "the way back leaves index i different."
    )


def test_rows_that_would_point_to_nothing_are_noticed(shop, monkeypatch):
    shop.run("CREATE TABLE child (thing REFERENCES tabThing(name))", "INSERT INTO child VALUES ('R1')")
    generate = SQLGenerator.generate

    def renaming(self, plan, live, **options):
        script = generate(self, plan, live, **options)
        change = "UPDATE tabThing SET name = 'RX' WHERE name = 'R1'"
        step = Step(title="rename a row", path="in place", table="tabThing", statements=(change,))
        return script if plan.kind == "rollback" else replace(script, up=(*script.up, step))

    monkeypatch.setattr(SQLGenerator, "generate", renaming)
    assert "Rows of child would point to rows that no longer exist" in dry(shop).rehearsal.problem


def test_a_schema_that_moves_while_it_is_looked_at_is_stale(shop):
    job = shop.applier._job("Thing", OPTIONS)
    shop.run("ALTER TABLE tabThing ADD COLUMN late")
    with pytest.raises(StalePlanError):
        shop.applier._rehearser.rehearse(job)
    assert left_behind() == []


def test_a_backup_that_cannot_be_made_fails_the_rehearsal(shop, monkeypatch):
    monkeypatch.setattr("sodaf_nb.backup.strategies._TableCopy.proves", lambda *_a: False)
    found = dry(shop).rehearsal
    assert (found.ran_up, found.ran_down) == (True, False)
    assert found.problem.startswith("backup: No backup of tabThing was made")


def test_a_plan_that_endangers_two_tables_fails_as_its_apply_would(shop, monkeypatch):
    job = shop.applier._job("Thing", OPTIONS)
    monkeypatch.setattr(module.Job, "risks", (("tabOne", "a"), ("tabTwo", "b")))
    found = shop.applier._rehearser.rehearse(job).rehearsal
    assert found.problem.startswith("backup: The plan endangers tabOne, tabTwo")
    assert (found.ran_up, found.ran_down) == (True, False)


def test_a_disk_without_room_is_said(shop, monkeypatch):
    full = type("Usage", (), {"free": 10})
    monkeypatch.setattr(copysize.shutil, "disk_usage", lambda _folder: full)
    found = dry(shop, rehearsal="full")
    assert found.rehearsal.problem == (
        "no copy could be made: The temporary folder has no room for a copy with all rows; nothing was changed"
    )
    assert not found.success
    assert "no room for all" in dry(shop).rehearsal.to_text()


# ---------------------------------------------------------------- large tables


def test_a_large_table_goes_back_from_the_untouched_copy_and_its_backup_is_timed_on_first_rows(shop, monkeypatch):
    monkeypatch.setattr(copysize, "SAMPLE_ROWS", 2)
    found = dry(shop)
    assert found.rehearsal.to_text() == EQUAL
    assert found.rehearsal.seconds_backup > 0


def test_a_sample_is_the_first_rows_by_key_and_says_so(shop, monkeypatch):
    monkeypatch.setattr(copysize, "SAMPLE_ROWS", 2)
    found = dry(shop, rehearsal="sample")
    assert found.success
    assert found.rehearsal.to_text() == (
        "Rehearsed on a copy with the first 2 of 5 rows by key (as asked for): up and back, rows and objects equal."
    )
    assert list(found.preview()["row"]) == ["R1", "R2"]
    assert (found.rehearsal.rows, found.rehearsal.total_rows, found.rehearsal.limit) == (2, 5, 2)
    measured = found.rehearsal.seconds_up + found.rehearsal.seconds_backup
    assert found.estimated_lock_s == pytest.approx(measured * 2.5)
    counts = [f.count for f in found.findings if f.count is not None]
    assert counts == [5, 2], "facts are counted on all rows"


def test_a_metadata_only_change_is_not_estimated_to_take_longer_on_more_rows(shop, monkeypatch):
    monkeypatch.setattr(copysize, "SAMPLE_ROWS", 2)
    shop.declare(doctype(field("title"), field("qty"), field("gone"), field("shelf"), field("more")))
    found = shop.applier.dry_run("Thing", SyncOptions(rehearsal="sample"))
    assert found.estimated_lock_s == found.rehearsal.seconds_up


# ---------------------------------------------------------------- rollbacks, and the other ways in


def test_a_rollback_is_rehearsed_with_its_backup(shop):
    before = shop.state()
    result = shop.sync(V2, **ANSWERS)
    found = shop.applier.dry_run_rollback(result.migration_id)
    assert found.rehearsal.to_text() == EQUAL
    assert [(c.column, c.what, c.rows) for c in found.changes] == [
        ("qty", "converted", 2),
        ("qty", "filled", 2),
        ("gone", "added", 5),
        ("state", "dropped", 5),
    ]
    undone = shop.applier.rollback_migration(result.migration_id)
    assert undone.metadata["script"] == found.rehearsal.script
    assert shop.state() == before
    assert shop.applier.dry_run_rollback(undone.migration_id).rehearsal.to_text() == EQUAL


def test_a_rollback_without_its_backup_fails_in_the_rehearsal(shop):
    result = shop.sync(V2, **ANSWERS)
    for file in Path(result.backup_path).iterdir():
        file.unlink()
    found = shop.applier.dry_run_rollback(result.migration_id)
    assert not found.success
    assert found.rehearsal.problem.startswith("up: Backup")


def test_a_rollback_that_drops_the_table_shows_what_is_lost(world):
    created = world.sync(V1)
    world.insert("tabThing", ROWS[:2])
    options = RollbackOptions(accept={"DS02"}, mask=["gone"], rehearsal="sample")
    found = world.applier.dry_run_rollback(created.migration_id, options)
    assert found.success
    assert ("gone", "dropped", (("***", None), ("***", None))) in [(c.column, c.what, c.samples) for c in found.changes]
    assert list(found.preview()["row"]) == ["R1", "R2"]
    undone = world.applier.rollback_migration(created.migration_id, options)
    again = world.applier.dry_run_rollback(undone.migration_id)
    assert again.rehearsal.success
    assert again.changes == (), "a table that comes back has no rows before"


def test_the_dry_run_option_rehearses(shop, monkeypatch):
    result = shop.sync(V2, dry_run=True, **ANSWERS)
    assert result.metadata["reason"] == f"Dry run: nothing was changed. {EQUAL}"
    assert (result.success, result.errors) == (True, ())
    monkeypatch.setattr(module, "same_rows", lambda *_a: False)
    failed = shop.sync(V2, dry_run=True, **ANSWERS)
    assert (failed.success, failed.outcome) == (False, "not_applied")
    assert failed.errors[0] in repr(failed)


def test_an_apply_does_not_rehearse(shop, monkeypatch):
    monkeypatch.setattr(module.Rehearser, "rehearse", None)
    assert shop.sync(V2, **ANSWERS).outcome == "applied"


def test_nothing_to_do_is_not_rehearsed(world):
    world.sync(V1)
    found = world.applier.dry_run("Thing")
    assert (found.success, found.rehearsal, found.changes, found.estimated_time_s) == (True, None, (), None)
    assert list(found.preview().columns) == []


def test_a_new_table_is_rehearsed_without_rows(tmp_path):
    world = World(tmp_path).declare(V1)
    found = world.applier.dry_run("Thing")
    assert found.rehearsal.to_text() == "Rehearsed on a copy without rows: up and back, rows and objects equal."
    world.close()


# ---------------------------------------------------------------- keys and names


def test_rows_are_matched_through_renames_of_table_and_column(world):
    world.sync(doctype(field("title"), field("qty"), name="Order"))
    world.insert("tabOrder", ({"title": "a", "qty": "1"}, {"title": "b", "qty": "x"}))
    world.doctypes.unregister("Order")
    world.declare(doctype(field("heading"), field("qty", "Int"), name="Sale"))
    options = SyncOptions(renamed_from="Order", field_renames={"title": "heading"}, accept="all")
    found = world.applier.dry_run("Sale", options)
    assert [(c.table, c.column, c.what, c.samples) for c in found.changes] == [
        ("tabSale", "qty", "converted", (("'1'", "1"),)),
        ("tabSale", "qty", "nulled", (("'x'", None),)),
    ]
    assert [cell.name for cell in found.preview_rows[0].cells] == ["title -> heading", "qty"]


def test_rows_are_matched_though_their_keys_become_numbers(world):
    world.sync(doctype(field("title"), field("gone")))
    world.insert("tabThing", ({"name": "x", "gone": "gx"}, {"name": "7", "gone": "g7"}, {"name": "y"}))
    world.declare(doctype(field("title"), autoname="autoincrement"))
    found = world.applier.dry_run("Thing", SyncOptions(removed_fields="drop", accept="all"))
    assert found.rehearsal.success
    keys = {row.key: (row.cells[0].after, row.cells[-1].before) for row in found.preview_rows}
    assert keys == {"7": ("7", "'g7'"), "x": ("8", "'gx'"), "y": ("9", None)}


def test_rows_are_matched_though_their_keys_become_texts(world):
    world.sync(doctype(field("title"), field("gone"), autoname="autoincrement"))
    world.insert("tabThing", ({"name": 3, "gone": "g3"}, {"name": 11, "gone": "g11"}))
    world.declare(doctype(field("title")))
    found = world.applier.dry_run("Thing", SyncOptions(removed_fields="drop", accept="all"))
    assert [(row.key, row.cells[0].after, row.cells[-1].before) for row in found.preview_rows] == [
        ("3", "'3'", "'g3'"),
        ("11", "'11'", "'g11'"),
    ]


def test_keys_that_come_back_from_a_backup_are_not_matched_by_guess(world):
    world.sync(doctype(field("title")))
    world.insert("tabThing", ({"name": "x"}, {"name": "7"}))
    result = world.sync(doctype(field("title"), autoname="autoincrement"), accept={"DS08"})
    found = world.applier.dry_run_rollback(result.migration_id)
    assert found.rehearsal.success
    assert (found.changes, found.preview_rows) == ((), ())


def test_rows_without_rowid_are_matched_by_key(world):
    standard = "creation, modified, modified_by, owner, docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER"
    world.run(f"CREATE TABLE tabThing (name VARCHAR(140), {standard}, gone TEXT, PRIMARY KEY (name)) WITHOUT ROWID")
    world.insert("tabThing", ({"name": "b", "gone": "gb"}, {"name": "a", "gone": "ga"}))
    world.declare(doctype(field("title")))
    found = world.applier.dry_run("Thing", SyncOptions(removed_fields="drop", accept="all", backfill={"idx": 1}))
    assert found.rehearsal.problem == ""
    assert [row.key for row in found.preview_rows] == ["a", "b"]
    changes = [(c.column, c.what, c.samples) for c in found.changes]
    assert ("gone", "dropped", (("'ga'", None), ("'gb'", None))) in changes
    assert ("idx", "filled", ((None, "1"), (None, "1"))) in changes


def test_rows_without_rowid_are_matched_though_their_keys_become_texts(world):
    standard = "creation, modified, modified_by, owner, docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER"
    world.run(f"CREATE TABLE tabThing (name INTEGER NOT NULL, {standard}, PRIMARY KEY (name)) WITHOUT ROWID")
    world.insert("tabThing", ({"name": 2, "idx": 20}, {"name": 1, "idx": 10}))
    world.declare(doctype(field("title")))
    found = world.applier.dry_run("Thing", SyncOptions(accept="all"))
    assert found.rehearsal.problem == ""
    assert [(row.key, row.cells[0].before, row.cells[0].after) for row in found.preview_rows] == [
        ("1", "1", "'1'"),
        ("2", "2", "'2'"),
    ]
