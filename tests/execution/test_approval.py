"""A plan that was saved is carried out as it was approved, or not at all."""

import subprocess
import sys

import pytest

from sodaf_nb.errors import BlockedMigrationError, StalePlanError
from sodaf_nb.execution import planning
from sodaf_nb.options import SyncOptions
from sodaf_nb.plan import Plan
from tests.acceptance.making import World, doctype, field

BEFORE = doctype(field("title"), field("city"))
AFTER = doctype(field("title"), field("vat", "Int"))
DROP = SyncOptions(removed_fields="drop", accept={"BC06"})


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.sync(BEFORE)
    made.insert("tabThing", [{"city": "Oslo"}, {"city": None}])
    made.run("CREATE VIEW towns AS SELECT title FROM tabThing")
    made.declare(AFTER)
    yield made
    made.close()


@pytest.fixture
def saved(world, tmp_path):
    return world.applier.plan("Thing", DROP).save(tmp_path / "plan.json")


def other(world):
    """Return another session on the same file, which has not seen the plan."""
    again = World(world.folder)
    again.declare(AFTER)
    return again


def test_another_session_applies_it(world, saved):
    session = other(world)
    result = session.applier.apply_plan(Plan.load(saved), accept={"DS03": "agreed"})
    assert (result.outcome, result.sql) == ("applied", Plan.load(saved).review.sql)
    assert not session.applier.diff("Thing").has_changes
    session.close()


def test_another_process_applies_it(world, saved):
    program = (
        "import sys, sodaf_nb as sn\n"
        "db, doctypes = sn.Database(f'sqlite:///{sys.argv[1]}'), sn.DocTypeEngine()\n"
        "applier = sn.MigrationApplier(db, doctypes, sn.ApplyOptions(backup_dir=sys.argv[3]))\n"
        "print(applier.apply_plan(sn.Plan.load(sys.argv[2]), accept={'DS03'}).outcome)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, world.file, saved, world.backups],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "applied\n"
    assert "vat" in world.database.reflect().table("tabThing").column_names()


def test_it_needs_the_same_consent_as_any_other(world, saved):
    with pytest.raises(BlockedMigrationError, match="DS03"):
        world.applier.apply_plan(Plan.load(saved))


def refused(world, saved):
    session, before = other(world), world.state()
    with pytest.raises(StalePlanError) as caught:
        session.applier.apply_plan(Plan.load(saved), accept="all")
    assert world.state() == before, "nothing was written"
    session.close()
    return caught.value.details


def test_a_schema_that_moved_is_named_though_this_session_never_saw_the_plan(world, saved):
    world.run("ALTER TABLE tabThing ADD COLUMN extra TEXT", "DROP VIEW towns")
    assert refused(world, saved) == ("tabThing.extra is new", "view towns is gone")


def test_a_history_that_moved_is_named_though_the_schema_is_as_it_was(world, saved):
    done = world.sync(doctype(field("title"), field("city"), field("fax")))
    world.applier.rollback_migration(done.migration_id)
    details = refused(world, saved)
    assert details == ("other migrations were recorded since",)


def test_migrations_of_other_doctypes_and_failed_ones_move_nothing(world, saved):
    world.sync(doctype(field("x"), name="Other"))
    world.applier.apply_plan(Plan.load(saved), accept={"DS03"})


def test_rows_that_are_worse_than_approved_are_named(world, saved):
    world.run("UPDATE tabThing SET city = 'Rome'")
    assert refused(world, saved) == (
        "more rows: DS03: tabThing.city is dropped; 2 rows hold a value in it (1 when it was approved)",
    )


def test_rows_that_are_better_than_approved_are_no_reason(world, saved):
    world.run("UPDATE tabThing SET city = NULL")
    assert world.applier.apply_plan(Plan.load(saved)).outcome == "applied"


def test_statements_that_this_version_makes_otherwise_are_a_reason(world, saved):
    from dataclasses import replace

    plan = Plan.load(saved)
    changed = replace(plan, review=replace(plan.review, sql=("ALTER",)))
    with pytest.raises(StalePlanError, match="other statements"):
        world.applier.apply_plan(changed, accept="all")


def test_a_plan_made_by_hand_is_bound_by_the_schema_alone(world):
    from dataclasses import replace

    plan = replace(world.applier.plan("Thing", DROP), review=None)
    world.run("UPDATE tabThing SET city = 'Rome'")
    assert world.applier.apply_plan(plan, accept={"DS03"}).outcome == "applied"
    with pytest.raises(StalePlanError, match="The schema of tabThing changed after the plan was made"):
        other(world).applier.apply_plan(plan)


def test_a_plan_of_a_renamed_doctype_looks_at_the_history_of_both_names(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("a"), name="Old"))
    world.doctypes.unregister("Old")
    world.declare(doctype(field("a"), name="New", renamed_from="Old"))
    plan = world.applier.plan("New")
    assert plan.review.head == world.applier.history.get_migration_history()[0].id
    world.close()


def test_every_report_lists_what_no_doctype_mentions(world):
    world.run(
        "CREATE TRIGGER watch AFTER INSERT ON tabThing BEGIN SELECT 1; END", "CREATE INDEX mine ON tabThing (title)"
    )
    kept = ("column city without a field", "trigger watch", "index mine", "view towns")
    plan, dry = world.applier.plan("Thing"), world.applier.dry_run("Thing")
    assert set(plan.review.kept) == set(dry.kept) == set(kept)
    for report in (repr(dry), dry.to_markdown(), dry._repr_html_(), dry.to_json(), repr(plan), plan.to_markdown()):
        assert [name for name in kept if name not in report] == []
    assert set(world.applier.diff("Thing").unmanaged) == set(kept[1:])


# ---------------------------------------------------------------- what each change means


def test_each_change_is_explained(world):
    dry = world.applier.dry_run("Thing", SyncOptions(removed_fields="drop", accept="all"))
    rows = dry.explain().to_rows()
    assert [row["change"] for row in rows] == ["- tabThing.city varchar(140) is dropped", "+ tabThing.vat integer"]
    assert [row["path"] for row in rows] == list(dry.paths)
    assert [row["endangers"] for row in rows] == ["values of tabThing.city (1 row with a value)", "nothing"]
    assert rows[0]["undo"] == "+ tabThing.city varchar(140); values come back from the backup, later writes stay"
    assert rows[1]["undo"] == "- tabThing.vat integer is dropped"
    assert rows[0]["locks"].endswith("readers wait during the commit only")
    seconds = list(dry.explain().to_frame()["seconds"])
    assert all(0 <= each < 60 for each in seconds)
    assert str(seconds[0]) not in repr(dry)
    for shown in (repr(dry), dry._repr_html_()):
        assert "values come back from the backup" in shown


def test_a_longer_length_endangers_nothing(world):
    world.declare(doctype(field("title"), field("city", length=200)))
    assert world.applier.dry_run("Thing").explain().to_rows()[0]["endangers"] == "nothing"


def test_in_wal_mode_readers_go_on(world):
    world.run("PRAGMA journal_mode=WAL")
    assert "readers go on" in world.applier.dry_run("Thing").explain().to_rows()[0]["locks"]


def test_a_restore_is_explained_by_the_change_it_belongs_to(world):
    done = world.sync(AFTER, removed_fields="drop", accept={"DS03", "BC06"})
    undone = world.applier.dry_run_rollback(done.migration_id)
    assert undone.explain().to_rows()[-1]["undo"] == "the change that goes with it takes it back"


def test_nothing_to_do_is_nothing_to_explain(world):
    world.sync(AFTER)
    explained = world.applier.dry_run("Thing").explain()
    assert (explained.to_rows(), explained.heading()) == ([], "What the plan for Thing does: 0 changes")
    assert "nothing is locked" in repr(explained)


def test_a_way_back_that_is_not_exact_is_said_so(world):
    from dataclasses import replace

    from sodaf_nb.execution.explaining import explanations

    job = world.applier._job("Thing", SyncOptions())
    inexact = replace(job, script=replace(job.script, problem="the way back leaves view v different"))
    assert {e.undo for e in explanations(inexact, world.database, None)} == {
        "not exactly: the way back leaves view v different"
    }


def test_a_plan_that_would_be_made_again_is_stopped(world, monkeypatch):
    job = world.applier._job("Thing", SyncOptions())
    assert job.evidence.unsettled == ()
    told = world.applier.diff("Thing")
    monkeypatch.setattr(world.applier._planning, "_again", lambda *_: lambda _after: told)
    assert world.applier._job("Thing", SyncOptions()).evidence.unsettled == ("column vat",)


def test_of_the_plans_that_were_made_the_newest_are_remembered(world, monkeypatch):
    monkeypatch.setattr(planning, "_MOST_REVIEWED", 1)
    world.applier.plan("Thing")
    newest = world.declare(doctype(field("vat"), field("more"))).applier.plan("Thing")
    assert list(world.applier._planning.reviewed) == [newest.id]
