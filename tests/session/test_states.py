"""The way of a migration in front of a person, without anything that shows it."""

import threading

import pytest

from sodaf_nb.errors import (
    MigrationCancelledError,
    MigrationPendingError,
    StalePlanError,
    UnsupportedChangeError,
    UsageError,
)
from sodaf_nb.options import SyncOptions
from sodaf_nb.session import PlanSession, State
from tests.acceptance.making import World, doctype, field
from tests.session.making import DROPPED, RENAMED, REQUIRED, RISKY, SAFE, UNIQUE, V1, seeded


@pytest.fixture
def thing(world):
    return seeded(world)


def session_of(world, wanted, **options):
    made = PlanSession(world.declare(wanted).applier, "Thing", SyncOptions(**options))
    made.plan_now()
    return made


def finding(session, rule):
    return next(f for f in session.snapshot.decided.findings if f.rule == rule)


def test_nothing_is_planned_before_anybody_asks(thing):
    session = PlanSession(thing.applier, "Thing")
    assert session.snapshot.state is State.NEW
    with pytest.raises(UsageError, match="not planned yet"):
        session.apply()


def test_a_database_that_fits_leaves_nothing_to_do_and_says_what_was_compared(thing):
    session = session_of(thing, V1)
    assert session.snapshot.state is State.NOTHING
    assert "No changes: the database matches the DocType (compared 10 columns)." in repr(session)
    session.require_applied()


def test_a_safe_plan_is_ready_applied_and_taken_back(thing):
    before = thing.state()
    session = session_of(thing, SAFE)
    assert session.snapshot.state is State.READY
    assert session.apply()
    assert session.wait(30).state is State.APPLIED
    assert session.snapshot.result.outcome == "applied"
    assert "fresh" in thing.state().shapes("tabThing")
    session.require_applied()
    assert session.preview_rollback()
    assert session.wait(30).state is State.UNDO
    assert session.snapshot.undo.plan.kind == "rollback"
    assert session.rollback()
    assert session.wait(30).state is State.ROLLED_BACK
    assert thing.state() == before
    assert [row["status"] for row in session.snapshot.history] == ["applied", "rolled_back", "applied"]


def test_every_state_on_the_way_is_seen_by_who_listens(thing):
    session, seen = session_of(thing, SAFE), []
    end = session.subscribe(lambda now: seen.append(now.state))
    session.apply()
    session.wait(30)
    end()
    session.plan_now()
    assert list(dict.fromkeys(seen)) == [State.APPLYING, State.APPLIED]


def test_a_loss_needs_a_tick_for_each_finding(thing):
    session = session_of(thing, RISKY)
    assert session.snapshot.state is State.CONFIRMING
    assert session.snapshot.missing == ("Tick DS08 tabThing.qty, or type tabThing.",)
    with pytest.raises(UsageError, match="Tick DS08"):
        session.apply()
    session.tick(finding(session, "DS08"))
    assert session.snapshot.state is State.READY
    session.tick(finding(session, "DS08"), on=False)
    assert session.snapshot.state is State.CONFIRMING
    session.tick(finding(session, "DS08"))
    session.apply()
    session.wait(30)
    assert thing.state().values("tabThing", "qty") == (1, None)
    record = thing.applier.history.get_migration_history()[0]
    assert record.metadata["accepted"] == ["DS08"]


def test_one_tick_does_not_take_on_another_finding_of_the_same_rule(world):
    world.sync(doctype(field("one"), field("two")))
    world.insert("tabThing", [{"one": "x", "two": "y"}])
    session = session_of(world, doctype(field("one", "Int"), field("two", "Int")))
    session.tick(finding(session, "DS08"))
    assert session.snapshot.missing == ("Tick DS08 tabThing.two, or type tabThing.",)


def test_the_typed_name_stands_for_all_ticks_and_nothing_near_it_does(thing):
    session = session_of(thing, RISKY)
    for text in ("", "tabthing", "Thing", "tabThin"):
        session.type_name(text)
        assert session.snapshot.state is State.CONFIRMING
    session.type_name(" tabThing ")
    assert session.snapshot.state is State.READY


def test_what_the_engine_would_refuse_cannot_be_confirmed(thing):
    session = session_of(thing, UNIQUE)
    session.type_name("tabThing")
    assert session.snapshot.state is State.BLOCKED
    assert session.snapshot.missing[0].startswith("MF01 cannot be accepted")
    with pytest.raises(UsageError, match="MF01"):
        session.apply()


def test_production_needs_the_typed_name_even_for_a_safe_plan(thing):
    world = World(thing.folder, environment="prod")
    session = session_of(world, SAFE)
    assert session.snapshot.missing == ("This is PROD: type tabThing.",)
    assert "PRODUCTION" in repr(session)
    session.type_name("tabThing")
    assert session.snapshot.state is State.READY
    world.close()


def test_an_open_question_waits_for_an_answer_which_leads_to_a_plan(thing):
    session = session_of(thing, RENAMED, removed_fields="drop")
    assert session.snapshot.state is State.QUESTION
    assert [(c.old, c.new) for c in session.snapshot.candidates] == [("shade", "shade_code")]
    session.answer(field_renames={"shade": "shade_code"})
    assert session.wait(30).state is State.READY
    session.apply()
    session.wait(30)
    assert thing.state().values("tabThing", "shade_code") == ("red", "blue")


def test_no_rename_is_an_answer_too_and_leads_to_a_plan_that_drops(thing):
    session = session_of(thing, RENAMED, removed_fields="drop")
    session.answer(not_renamed=True)
    assert session.wait(30).state is State.CONFIRMING
    assert session.snapshot.missing == ("Tick DS03 tabThing.shade, or type tabThing.",)


def test_removed_fields_are_kept_until_the_person_drops_them(thing):
    session = session_of(thing, DROPPED)
    assert (session.snapshot.state, session.snapshot.removed) == (State.NOTHING, ("shade",))
    session.answer(removed_fields="drop")
    assert session.wait(30).state is State.CONFIRMING
    session.answer(removed_fields="keep")
    assert session.wait(30).state is State.NOTHING


def test_a_value_for_empty_rows_is_asked_for_and_given(thing):
    session = session_of(thing, REQUIRED)
    assert (session.snapshot.state, session.snapshot.fillable) == (State.BLOCKED, ("size",))
    session.answer(backfill={"size": 7})
    assert session.wait(30).state is State.READY
    assert session.snapshot.fillable == ("size",)
    session.apply()
    session.wait(30)
    assert thing.state().values("tabThing", "size") == (7, 7)


def test_a_new_plan_forgets_ticks_for_findings_of_the_old_one(thing):
    session = session_of(thing, RISKY)
    session.tick(finding(session, "DS08"))
    session.answer(removed_fields="drop")
    session.wait(30)
    assert session.snapshot.state is State.CONFIRMING


def test_ids_accepted_beforehand_count(thing):
    assert session_of(thing, RISKY, accept={"DS08"}).snapshot.state is State.READY
    assert session_of(thing, RISKY, accept="all").snapshot.state is State.READY


def test_what_cannot_be_planned_is_kept_and_raised_by_wait(thing):
    thing.run('CREATE TABLE "tabOdd" (a INTEGER PRIMARY KEY, b TEXT)')
    odd = doctype(field("b"), name="Odd")
    session = PlanSession(thing.declare(odd).applier, "Odd")
    assert session.plan_now().state is State.FAILED
    with pytest.raises(UnsupportedChangeError, match="primary key"):
        session.wait()
    with pytest.raises(UnsupportedChangeError, match="primary key"):
        session.dry_run()
    assert "ERROR [UNSUPPORTED_CHANGE]" in repr(session)


def test_a_gate_stops_the_cells_below_until_somebody_applied(thing):
    session = session_of(thing, SAFE)
    with pytest.raises(MigrationPendingError, match="not applied: ready"):
        session.require_applied()


# ---------------------------------------------------------------- what runs


class Held:
    """A progress callable that holds a migration at a step until it is let go."""

    def __init__(self, place):
        self.place = place
        self.reached, self.go = threading.Event(), threading.Event()

    def __call__(self, what, done, total):
        if what.startswith(self.place):
            self.reached.set()
            assert self.go.wait(30)


@pytest.fixture
def held(thing):
    """Start to apply or to plan a wanted version, and hold it at a step."""
    worlds = []

    def start(wanted, place, act=PlanSession.apply):
        at = Held(place)
        worlds.append(World(thing.folder, progress=at))
        session = PlanSession(worlds[-1].declare(wanted).applier, "Thing")
        if act is PlanSession.apply:
            at.go.set()
            session.plan_now()
            session.type_name("tabThing")
            at.go.clear()
            at.reached.clear()
        assert act(session)
        assert at.reached.wait(30)
        return session, at

    yield start
    for world in worlds:
        world.close()


def test_a_second_click_does_nothing(held, thing):
    session, at = held(RISKY, "verify")
    assert session.apply() is False
    assert session.plan() is False
    assert session.answer(removed_fields="drop") is False
    at.go.set()
    assert session.wait(30).state is State.APPLIED
    assert thing.statuses() == ["applied", "applied"]


def test_cancel_before_the_commit_takes_everything_back(held, thing):
    before = thing.state()
    session, at = held(RISKY, "verify")
    assert session.cancel()
    assert session.snapshot.state is State.CANCELLING
    at.go.set()
    with pytest.raises(MigrationCancelledError, match="nothing was changed"):
        session.wait(30)
    assert session.snapshot.state is State.CANCELLED
    assert thing.state() == before
    assert session.plan()
    assert session.wait(30).state is State.CONFIRMING


def test_cancel_after_the_end_is_refused(thing):
    session = session_of(thing, SAFE)
    session.apply()
    session.wait(30)
    assert session.cancel() is False
    assert session.snapshot.state is State.APPLIED


def test_cancel_stops_a_plan_that_is_being_made(held):
    session, at = held(SAFE, "rehearse: compare the values", PlanSession.plan)
    assert session.cancel()
    at.go.set()
    with pytest.raises(MigrationCancelledError):
        session.wait(30)


def test_progress_tells_steps_and_estimate(held):
    session, at = held(RISKY, "verify")
    progress = session.snapshot.progress
    assert (progress.what, progress.done, progress.total) == ("verify", 1, 1)
    assert progress.finished == ("back up and verify", "~ tabThing.qty: varchar(140) -> integer")
    assert progress.estimated_s > 0
    at.go.set()
    session.wait(30)
    assert session.snapshot.progress is None


def test_rows_are_counted_within_a_step(thing):
    session, rows = session_of(thing, RISKY, accept={"DS08"}), []
    session.subscribe(lambda now: rows.append(now.progress.rows if now.progress else 0))
    session.apply()
    session.wait(30)
    assert max(rows) == 2


def test_a_wait_that_is_too_short_says_so_and_lets_the_work_go_on(held):
    session, at = held(RISKY, "verify")
    with pytest.raises(TimeoutError, match="applying"):
        session.wait(0.01)
    at.go.set()
    assert session.wait(30).state is State.APPLIED


def test_nothing_can_be_taken_back_where_nothing_was_done(world):
    session = session_of(world, V1)
    with pytest.raises(UsageError, match="no migration of Thing"):
        session.preview_rollback()


def test_a_rollback_has_to_be_tried_first(thing):
    session = session_of(thing, SAFE)
    with pytest.raises(UsageError, match="not the time to roll back"):
        session.rollback()


def test_a_session_made_later_can_take_back_what_an_earlier_one_did(thing):
    first = session_of(thing, RISKY, accept={"DS08"})
    first.apply()
    first.wait(30)
    later = session_of(thing, RISKY)
    assert later.snapshot.state is State.NOTHING
    later.preview_rollback()
    later.wait(30)
    later.rollback()
    later.wait(30)
    assert thing.state().values("tabThing", "qty") == ("1", "two")


def test_a_plan_whose_table_moved_is_stale_when_it_is_looked_at(thing):
    session = session_of(thing, SAFE)
    assert session.check()
    thing.run('ALTER TABLE "tabThing" ADD COLUMN extra TEXT')
    assert not session.check()
    assert session.snapshot.state is State.STALE
    with pytest.raises(StalePlanError):
        session.wait()
    assert session.plan()
    assert session.wait(30).state is State.READY


def test_a_protected_database_needs_the_typed_name_and_says_what_else_is_missing(thing):
    from sodaf_nb.access import Access
    from sodaf_nb.errors import ApprovalError

    world = World(thing.folder, access=Access(connection="shop", protected=True))
    session = PlanSession(world.declare(SAFE).applier, "Thing")
    session.plan_now()
    assert session.snapshot.missing == ("This is protected: type tabThing.",)
    session.type_name("tabThing")
    session.apply()
    with pytest.raises(ApprovalError, match="nobody has"):
        session.wait(30)
    world.close()
