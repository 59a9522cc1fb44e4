"""The same on a server: killed at named calls, calls that fail, and connections lost in the COMMIT."""

from pathlib import Path

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DatabaseError, MigrationCancelledError, SodafError
from sodaf_nb.options import ApplyOptions, SyncOptions
from tests.acceptance.making import doctype, field
from tests.faults.faulty import ERRORS, Fault, installed
from tests.faults.killing import Point, killed
from tests.faults.proxy import losing

V1 = doctype(field("title", unique=1), field("qty"), field("gone"))
V2 = doctype(field("title", unique=1), field("qty", "Int"), field("done", "Check", search_index=1))
ANSWERS = SyncOptions(removed_fields="drop", accept={"DS03", "DS08"})
TRUTH = r'sql INSERT INTO "tabMigrationHistory"'
CATALOG = (
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c "
    "JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 "
    "AND NOT a.attisdropped AND c.relname NOT LIKE '%abMigration%' ORDER BY 1, a.attnum"
)


def shop(url, folder):
    text = url.render_as_string(hide_password=False)
    options = ApplyOptions(backup_dir=folder / "backups", retries=0, applied_by="tester")
    applier = MigrationApplier(Database(text, lock_timeout_s=0.5), DocTypeEngine(), options)
    applier.doctypes.register(V2)
    return applier


@pytest.fixture
def ready(pg, pg_url, tmp_path):
    """Make the first version of a table with rows, and return an applier that knows the second."""
    applier = shop(pg_url, tmp_path)
    applier.doctypes.register(V1)
    applier.sync_doctype("Thing")
    applier.doctypes.register(V2)
    pg.execute(
        'INSERT INTO "tabThing" (name, title, qty, gone) '
        "SELECT 'R' || n, 't' || n, CASE WHEN n % 3 = 0 THEN 'x' ELSE n::text END, 'g' FROM generate_series(1, 9) n"
    )
    yield applier
    applier.database.close()


def state(pg):
    """Return all columns and rows, read by a connection of its own."""
    return pg.execute(CATALOG).fetchall(), pg.execute('SELECT t::text FROM "tabThing" t ORDER BY name').fetchall()


def side_of(applier, pg, before, history=1):
    """Assert that the server holds all or nothing and that the history says which."""
    now = state(pg)
    side = "before" if now == before else "after"
    if side == "after":
        assert [c[1] for c in now[0] if c[0] == "tabThing"][-2:] == ["qty", "done"] or "done" in str(now[0])
        assert "gone" not in str(now[0])
        assert "ix_tabThing_done" in str(now[0])
    records = applier.history.get_migration_history()
    assert [r.status for r in records if r.status == "applied"] == ["applied"] * (history + (side == "after"))
    assert applier.history.audit.verify(records).problems == ()
    assert not applier.database.is_held()
    drafts = [p.name for p in Path(applier.options.backup_dir).glob(".partial*")]
    return side, drafts


POINTS = (
    Point(name="the lock is taken", call="sql SELECT pg_try_advisory", after=True),
    Point(name="the attempt is noted and not committed", call='sql INSERT INTO "tabMigrationAttempt"', after=True),
    Point(name="the attempt is committed", call="sql COMMIT", after=True),
    Point(name="the draft is made", call=r"file mkdir \.partial", after=True),
    Point(name="the manifest is half written", call=r"file write .*/manifest"),
    Point(name="between fsync and rename of the backup", call=r"file rename \.partial"),
    Point(name="the backup is published", call=r"file rename \.partial", after=True),
    Point(name="the first step begins", call="sql SAVEPOINT .sodaf_step", after=True),
    Point(name="the table is changed", call="sql ALTER TABLE .*tabThing", after=True),
    Point(name="the index is made", call="sql CREATE INDEX", after=True),
    Point(name="the history row is written", call=TRUTH, after=True),
    Point(name="before the commit", call="sql COMMIT", nth=3),
    Point(name="before the attempt is settled", call='sql UPDATE "tabMigrationAttempt"'),
)


def test_a_process_killed_at_a_named_point_leaves_all_or_nothing(ready, pg, pg_url, tmp_path):
    before, job = state(pg), ready._job("Thing", ANSWERS)
    for point in POINTS:
        assert killed(lambda: shop(pg_url, tmp_path)._executor.execute(job), point), point.name
        until_free(ready)
        side, _drafts = side_of(ready, pg, before)
        assert (side == "after") == (point.name == "before the attempt is settled"), point.name
        told = [a.outcome for a in ready.recover().attempts]
        assert told in ([], ["done" if side == "after" else "aborted"]), point.name
        assert side_of(ready, pg, before) == (side, [])
        assert ready.recover().attempts == ()


def until_free(applier):
    """Wait until the server has noticed that its client is dead."""
    import time

    for _try in range(100):
        if not applier.database.is_held():
            return
        time.sleep(0.02)


# What only asks fails like the statement after it.
CALLS = r"sql (BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|LOCK|ALTER|CREATE|DROP|INSERT|UPDATE|SELECT pg_try)"


@pytest.mark.parametrize(("error", "when"), [("connection lost", "before"), ("Ctrl-C", "after")])
def test_each_failing_call_leaves_all_or_nothing(ready, pg, error, when):
    before, job, number, taken_back, happened = state(pg), ready._job("Thing", ANSWERS), 0, 0, True
    while happened:
        number += 1
        fault = Fault(number, after=when == "after", error=ERRORS[error], counts=CALLS)
        raised = attempt(ready, job, fault)
        happened = fault.happened
        side, drafts = side_of(ready, pg, before, history=1 + taken_back)
        assert drafts == [], fault.place
        assert (raised is None) == (side == "after"), f"told {raised!r} at {fault.place} while it is {side}"
        if error == "Ctrl-C" and raised is not None:
            assert isinstance(raised, MigrationCancelledError), fault.place
        # The notes that an attempt begins and how it ended are hints: where one fails, recovery says what is true.
        told = [a.outcome for a in ready.recover().attempts]
        assert told in ([], ["done" if side == "after" else "aborted"]), fault.place
        if side == "after":  # what failed did not matter: back, and on to the next call
            ready.rollback_migration(ready.history.get_latest("Thing").id)
            before, job, taken_back = state(pg), ready._job("Thing", ANSWERS), taken_back + 1
    assert side == "after"
    assert number > 20


def attempt(applier, job, fault):
    with installed(fault):
        try:
            applier._executor.execute(job)
        except SodafError as found:
            return found
        except BaseException as found:  # a bare KeyboardInterrupt would end the test run, too
            raise AssertionError(f"{type(found).__name__} came out at {fault.place}") from found
    return None


@pytest.mark.parametrize("loss", ["before", "after"])
def test_a_connection_lost_in_the_commit_is_decided_by_the_history(ready, pg, pg_url, tmp_path, loss):
    before = state(pg)
    (tmp_path / "p").mkdir()
    with losing(pg_url, tmp_path / "p", 2, loss) as (address, proxy):  # the first is the note that an attempt begins
        applier = shop(address, tmp_path)
        if loss == "after":
            assert applier.sync_doctype("Thing", ANSWERS).outcome == "applied"
        else:
            with pytest.raises(DatabaseError, match="lost"):
                applier.sync_doctype("Thing", ANSWERS)
        assert proxy.commits > 2
        applier.database.close()
    until_free(ready)
    assert side_of(ready, pg, before) == (loss, [])
    assert ready.recover().attempts == ()
    assert ready.sync_doctype("Thing", ANSWERS).outcome == ("nothing_to_do" if loss == "after" else "applied")
