"""What an apply promises: the history row, stale plans, progress, interruption, unknown outcomes."""

import json
from datetime import UTC, datetime

import pytest

from sodaf_nb.errors import (
    BlockedMigrationError,
    LockedError,
    MigrationCancelledError,
    MigrationExecutionError,
    SodafError,
    StalePlanError,
)
from sodaf_nb.execution import utc_now
from sodaf_nb.history import MigrationHistoryManager
from sodaf_nb.options import SyncOptions
from tests.acceptance.making import World, doctype, field

V1 = doctype(field("title"), field("qty"))
V2 = doctype(field("title"), field("qty", "Int"))
# The columns that the specification names; ours has more.
REQUIRED = {
    *("id", "doctype", "version", "timestamp", "sql", "rollback_sql", "status", "applied_by", "execution_time"),
    *("affected_rows", "backup_path", "error", "rollback_info"),
}


@pytest.fixture
def seeded(world):
    world.sync(V1)
    world.insert("tabThing", ({"title": "a", "qty": "1"}, {"title": "b", "qty": "2"}))
    return world


def test_t11_the_history_table_has_the_required_columns_and_says_what_was_done(seeded):
    result = seeded.sync(V2)
    columns = [row[1] for row in seeded.ask("PRAGMA table_info(tabMigrationHistory)")]
    assert set(columns) >= REQUIRED
    stored = dict(zip(columns, seeded.ask("SELECT * FROM tabMigrationHistory ORDER BY rowid")[-1], strict=True))
    assert stored["id"] == result.migration_id
    assert (stored["doctype"], stored["version"], stored["status"], stored["error"]) == ("Thing", 2, "applied", None)
    assert tuple(json.loads(stored["sql"])) == result.sql
    assert json.loads(stored["rollback_sql"])
    assert stored["applied_by"] == "tester"
    assert stored["execution_time"] > 0
    assert stored["affected_rows"] == result.affected_rows == 2
    assert stored["backup_path"] == result.backup_path
    assert datetime.fromisoformat(stored["timestamp"]).tzinfo is not None


def test_t13_a_rollback_is_recorded_on_both_sides(seeded):
    result = seeded.sync(V2)
    undone = seeded.applier.rollback_migration(result.migration_id)
    first = seeded.applier.history.get_migration(result.migration_id)
    second = seeded.applier.history.get_migration(undone.migration_id)
    assert first.status == "rolled_back"
    assert first.rollback_info["rolled_back_by"] == undone.migration_id
    assert first.rollback_info["rolled_back_at"] >= second.timestamp
    assert second.rollback_info["rollback_of"] == result.migration_id
    assert seeded.applier.history.get_latest("Thing").id == undone.migration_id


def test_t14_the_history_is_newest_first_and_by_doctype(seeded):
    seeded.sync(V2)
    seeded.sync(doctype(field("title"), name="Other"))
    history = seeded.applier.history
    assert [(r.doctype, r.version) for r in history.get_migration_history()] == [
        ("Other", 1),
        ("Thing", 2),
        ("Thing", 1),
    ]
    assert [r.version for r in history.get_migration_history("Thing", limit=1)] == [2]


def test_without_a_name_the_operating_system_s_user_applied_it(tmp_path, monkeypatch):
    from sodaf_nb import ApplyOptions, MigrationApplier

    monkeypatch.setenv("LOGNAME", "ada")
    world = World(tmp_path)
    applier = MigrationApplier(world.database, world.doctypes, ApplyOptions(backup_dir=world.backups))
    world.declare(V1)
    applier.sync_doctype("Thing")
    assert applier.history.get_latest("Thing").applied_by == "ada"
    world.close()


def test_a_plan_made_earlier_is_applied(seeded):
    plan = seeded.declare(V2).applier.plan("Thing")
    result = seeded.applier.apply_plan(plan)
    assert (result.outcome, result.metadata["plan_id"]) == ("applied", plan.id)
    with pytest.raises(StalePlanError, match="changed after the plan was made"):
        seeded.applier.apply_plan(plan)


def test_a_plan_needs_its_consent(seeded):
    seeded.run("UPDATE tabThing SET qty = 'x'")
    plan = seeded.declare(V2).applier.plan("Thing")
    with pytest.raises(BlockedMigrationError, match="DS08"):
        seeded.applier.apply_plan(plan)
    assert seeded.applier.apply_plan(plan, accept={"DS08"}).outcome == "applied"


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE tabThing ADD COLUMN more TEXT",
        "CREATE INDEX mine ON tabThing (title)",
        "CREATE TRIGGER tr AFTER DELETE ON tabThing BEGIN SELECT 1; END",
        "CREATE VIEW v AS SELECT * FROM tabThing",
    ],
)
def test_a_stale_plan_is_refused(seeded, drift):
    plan = seeded.declare(V2).applier.plan("Thing")
    seeded.run(drift)
    before = seeded.state()
    with pytest.raises(StalePlanError):
        seeded.applier.apply_plan(plan)
    assert seeded.state() == before


def test_a_plan_does_not_mind_changes_elsewhere(seeded):
    plan = seeded.declare(V2).applier.plan("Thing")
    seeded.run("CREATE TABLE elsewhere (x)", "ANALYZE")
    assert seeded.applier.apply_plan(plan).outcome == "applied"


def test_a_schema_that_moves_between_judging_and_the_lock_is_noticed_under_the_lock(seeded):
    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    seeded.run("CREATE INDEX mine ON tabThing (title)")
    with pytest.raises(StalePlanError):
        seeded.applier._executor.execute(job)
    assert seeded.statuses() == ["applied", "failed"]


def test_rows_that_get_worse_between_judging_and_the_lock_stop_it(seeded):
    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    seeded.run("UPDATE tabThing SET qty = 'x'")
    before = seeded.state()
    with pytest.raises(BlockedMigrationError, match="DS08"):
        seeded.applier._executor.execute(job)
    assert seeded.state() == before


def test_rows_that_come_between_judging_and_the_lock_are_backed_up_and_converted(world):
    world.sync(V1)
    job = world.declare(V2).applier._job("Thing", SyncOptions())
    world.insert("tabThing", ({"qty": "1"},))
    result = world.applier._executor.execute(job)
    assert result.backup_path
    assert world.ask("SELECT qty FROM tabThing") == [(1,)]
    world.applier.rollback_migration(result.migration_id)
    assert world.ask("SELECT qty FROM tabThing") == [("1",)]


def test_a_reviewed_plan_id_is_the_only_one_applied(seeded):
    reviewed = seeded.declare(V2).applier.dry_run("Thing").plan.id
    seeded.declare(doctype(field("title"), field("qty", "Float")))
    with pytest.raises(StalePlanError, match="not the reviewed"):
        seeded.applier.sync_doctype("Thing", SyncOptions(plan_id=reviewed))
    seeded.declare(V2)
    assert seeded.applier.sync_doctype("Thing", SyncOptions(plan_id=reviewed)).outcome == "applied"


def test_the_dry_run_option_stops_before_the_backup(seeded):
    raw = seeded.file.read_bytes()
    result = seeded.sync(V2, dry_run=True)
    assert (result.outcome, result.success, result.migration_id) == ("not_applied", True, None)
    assert seeded.file.read_bytes() == raw
    assert not seeded.backups.exists()


def test_the_dry_run_option_is_blocked_like_an_apply(seeded):
    seeded.run("UPDATE tabThing SET qty = 'x'")
    with pytest.raises(BlockedMigrationError):
        seeded.sync(V2, dry_run=True)


def test_sync_all_goes_on_after_a_doctype_that_fails(world):
    world.sync(doctype(field("title"), name="Bad"))
    world.insert("tabBad", ({"title": "a"}, {"title": "a"}))
    world.declare(
        doctype(field("title", unique=1), name="Bad"),
        doctype(field("lines", "Table", options="Line"), name="Sheet"),
        doctype(field("qty", "Int"), name="Line", istable=1),
        doctype(field("x"), name="One", issingle=1),
    )
    batch = world.applier.sync_all_doctypes()
    assert not batch.success
    assert batch.successful == ("Line", "Sheet")
    assert batch.skipped == ("One",)
    assert "[BLOCKED]" in batch.failed["Bad"]
    assert "MF01" in batch.failed["Bad"]


def test_progress_is_told_of_every_step(tmp_path):
    told = []
    world = World(tmp_path, progress=lambda *step: told.append(step))
    world.sync(V1)
    world.insert("tabThing", ({"qty": "1"},))
    told.clear()
    world.sync(doctype(field("title", search_index=1), field("qty", "Int")))
    assert [done for _what, done, _total in told] == [0, 0, 1, 2]
    assert {total for _what, _done, total in told} == {2}
    assert told[0][0] == "back up and verify"
    assert "tabThing.qty" in told[1][0]
    assert told[-1][0] == "verify"
    world.close()


@pytest.mark.parametrize("at", ["back up and verify", "verify"])
@pytest.mark.parametrize(
    ("stop", "error", "words"),
    [
        (KeyboardInterrupt, MigrationCancelledError, "stopped by the user and taken back; nothing was changed"),
        (MigrationCancelledError, MigrationCancelledError, "enough"),
        (RuntimeError, MigrationExecutionError, "was taken back; nothing was changed: enough"),
        (MemoryError, MemoryError, "enough"),
    ],
)
def test_progress_may_stop_a_migration(tmp_path, at, stop, error, words):
    armed = []

    def progress(what, _done, _total):
        if armed and what == at:
            raise stop("enough")

    world = World(tmp_path, progress=progress)
    world.sync(V1)
    world.insert("tabThing", ({"qty": "1"},))
    before = world.state()
    armed.append(1)
    with pytest.raises(error, match=words):
        world.sync(V2)
    assert world.state() == before
    assert world.statuses() == ["applied", "failed"]
    record = world.applier.history.get_migration_history()[0]
    assert "enough" in record.error
    assert (record.affected_rows, record.fingerprint_after, record.backup_path) == (0, None, None)
    armed.clear()
    assert world.sync(V2).outcome == "applied"
    world.close()


def test_a_failed_migration_gets_a_number_of_its_own(tmp_path):
    fail = [True, False]

    def progress(what, _done, _total):
        if what == "verify" and fail.pop(0):
            raise RuntimeError("once")

    world = World(tmp_path, progress=progress)
    with pytest.raises(MigrationExecutionError):
        world.sync(V1)
    world.sync(V1)
    assert [(r.version, r.status) for r in world.applier.history.get_migration_history()] == [
        (2, "applied"),
        (1, "failed"),
    ]
    world.close()


@pytest.fixture
def lost_answer(seeded, monkeypatch):
    """A job whose COMMIT the engine carries out while its answer is lost."""
    from sodaf_nb.database import database

    # Transactions of an apply: settling older attempts, noting this one, the migration itself.
    lost = iter([False, False, True])

    def commit(connection, session, *rest, real=database._commit):
        real(connection, session, *rest)
        if next(lost, False):
            raise LockedError("The connection is gone.")

    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    monkeypatch.setattr(database, "_commit", commit)
    return job


def test_a_commit_whose_answer_is_lost_is_settled_by_the_history(seeded, lost_answer):
    assert seeded.applier._executor.execute(lost_answer).outcome == "applied"
    assert seeded.statuses() == ["applied", "applied"]


def test_a_commit_that_nobody_can_ask_about_is_said_to_be_unknown(seeded, lost_answer, monkeypatch):
    def unreadable(self, migration_id):
        raise LockedError("Nobody answers.")

    with monkeypatch.context() as patch, pytest.raises(MigrationExecutionError, match="cannot be read now"):
        patch.setattr(MigrationHistoryManager, "is_migration_applied", unreadable)
        seeded.applier._executor.execute(lost_answer)
    assert [a.outcome for a in seeded.applier.recover().attempts] == ["done"]
    assert seeded.ask("SELECT qty FROM tabThing") == [(1,), (2,)]


def test_a_schema_that_did_not_become_what_was_planned_is_taken_back(seeded):
    from dataclasses import replace

    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    steps = tuple(replace(step, statements=(*step.statements, "CREATE TABLE surprise (x)")) for step in job.script.up)
    before = seeded.state()
    with pytest.raises(MigrationExecutionError, match="did not become what was planned: table surprise"):
        seeded.applier._executor.execute(replace(job, script=replace(job.script, up=steps)))
    assert seeded.state() == before


def test_lost_rows_are_noticed_before_the_commit(seeded):
    from dataclasses import replace

    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    steps = tuple(
        replace(step, statements=(*step.statements, "DELETE FROM tabThing WHERE name = 'R1'")) for step in job.script.up
    )
    before = seeded.state()
    with pytest.raises(MigrationExecutionError, match="had 2 rows and would have 1"):
        seeded.applier._executor.execute(replace(job, script=replace(job.script, up=steps)))
    assert seeded.state() == before


def test_new_orphans_are_noticed_before_the_commit(seeded):
    from dataclasses import replace

    seeded.run("CREATE TABLE child (t REFERENCES tabThing(name))", "INSERT INTO child VALUES ('R1')")
    job = seeded.declare(V2).applier._job("Thing", SyncOptions())
    steps = tuple(
        replace(step, statements=(*step.statements, "UPDATE tabThing SET name = 'X' WHERE name = 'R1'"))
        for step in job.script.up
    )
    before = seeded.state()
    with pytest.raises(MigrationExecutionError, match="Rows of child would point to rows that no longer exist"):
        seeded.applier._executor.execute(replace(job, script=replace(job.script, up=steps)))
    assert seeded.state() == before


def test_recovery_waits_for_no_running_migration(tmp_path):
    seen = []

    def progress(*_):
        try:
            world.applier.recover()
        except LockedError as error:
            seen.append(error.code)

    world = World(tmp_path, progress=progress)
    world.sync(V1)
    assert set(seen) == {"LOCKED"}
    recovery = world.applier.recover()
    assert recovery.attempts == ()
    assert "No interrupted migrations" in recovery.empty_text()
    world.close()


def test_a_history_that_cannot_be_written_takes_the_change_back(seeded):
    seeded.run(
        "CREATE TRIGGER no_history BEFORE INSERT ON tabMigrationHistory "
        "BEGIN SELECT RAISE(ROLLBACK, 'history is full'); END"
    )
    before = seeded.state()
    with pytest.raises(SodafError, match="history is full"):
        seeded.sync(V2)
    assert seeded.state() == before


def test_the_time_is_in_utc():
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_commit_is_a_success_although_its_number_cannot_be_read(seeded, monkeypatch, error):
    applier = seeded.declare(V2).applier
    execute = applier._executor.execute

    def executed(job):
        result = execute(job)
        monkeypatch.setattr(applier.history, "get_migration_history", lambda *_, **__: (_ for _ in ()).throw(error))
        return result

    monkeypatch.setattr(applier._executor, "execute", executed)
    result = applier.sync_doctype("Thing", SyncOptions(accept="all"))
    assert (result.outcome, result.heading()) == ("applied", "Thing: applied")
