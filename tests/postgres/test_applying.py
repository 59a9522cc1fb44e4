"""The whole pipe on a real server: backed up, applied in one transaction, recorded, taken back."""

import psycopg
import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import (
    BlockedMigrationError,
    LockedError,
    MigrationExecutionError,
    MigrationRollbackError,
    UnsupportedChangeError,
)
from sodaf_nb.options import ApplyOptions, RollbackOptions, SyncOptions
from tests.postgres.making import doctype, field


@pytest.fixture
def applier(pg_url, tmp_path):
    database = Database(pg_url.render_as_string(hide_password=False), lock_timeout_s=0.5)
    yield MigrationApplier(database, DocTypeEngine(), ApplyOptions(backup_dir=tmp_path / "backups", retries=0))
    database.close()


def sync(applier, json, **options):
    applier.doctypes.register(json)
    return applier.sync_doctype(json["name"], SyncOptions(**options))


TITLE = field("title")


def test_a_table_is_made_changed_and_taken_back(applier, pg):
    assert sync(applier, doctype(TITLE, field("qty"))).outcome == "applied"
    pg.execute(
        """INSERT INTO "tabThing" (name, title, qty) VALUES ('A', 'a', '1'), ('B', 'b', 'x'), ('C', NULL, NULL)"""
    )
    result = sync(applier, doctype(TITLE, field("qty", "Int")), accept={"DS08"})
    assert pg.execute('SELECT name, qty FROM "tabThing" ORDER BY 1').fetchall() == [("A", 1), ("B", None), ("C", None)]
    assert result.backup_path
    pg.execute("""UPDATE "tabThing" SET qty = 5 WHERE name = 'A'; INSERT INTO "tabThing" (name, qty) VALUES ('D', 7)""")
    back = applier.rollback_migration(result.migration_id)
    assert back.outcome == "applied"
    found = pg.execute('SELECT name, title, qty FROM "tabThing" ORDER BY 1').fetchall()
    assert found == [("A", "a", "5"), ("B", "b", "x"), ("C", None, None), ("D", None, "7")]
    assert [r.status for r in applier.history.get_migration_history()] == ["applied", "rolled_back", "applied"]
    assert not applier.recover().attempts


def test_what_was_not_accepted_changes_nothing(applier, pg):
    sync(applier, doctype(TITLE, field("qty")))
    pg.execute("""INSERT INTO "tabThing" (name, qty) VALUES ('A', 'x')""")
    with pytest.raises(BlockedMigrationError) as error:
        sync(applier, doctype(TITLE, field("qty", "Int")))
    assert [f.rule for f in error.value.findings] == ["DS08"]
    assert pg.execute('SELECT qty FROM "tabThing"').fetchall() == [("x",)]


@pytest.mark.parametrize(("how", "left"), [("blank", None), ("suffix", "a-C")])
def test_rows_that_share_a_value_are_changed_and_come_back(applier, pg, how, left):
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', 'a'), ('B', 'b'), ('C', 'a'), ('D', NULL)""")
    result = sync(applier, doctype(field("title", unique=1, length=200)), dedupe={"title": how})
    emails = 'SELECT title FROM "tabThing" ORDER BY name'
    assert pg.execute(emails).fetchall() == [("a",), ("b",), (left,), (None,)]
    pg.execute("""UPDATE "tabThing" SET title = 'later' WHERE name = 'B'""")
    applier.rollback_migration(result.migration_id)
    assert pg.execute(emails).fetchall() == [("a",), ("later",), ("a",), (None,)]


def test_a_narrower_text_is_a_loss_here_and_has_to_be_accepted(applier, pg):
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', 'longer than five'), ('B', 'short')""")
    with pytest.raises(BlockedMigrationError) as error:
        sync(applier, doctype(field("title", length=5)))
    assert [f.rule for f in error.value.findings] == ["DS08"]
    result = sync(applier, doctype(field("title", length=5)), accept={"DS08"})
    assert pg.execute('SELECT title FROM "tabThing" ORDER BY name').fetchall() == [(None,), ("short",)]
    applier.rollback_migration(result.migration_id)
    assert pg.execute('SELECT title FROM "tabThing" ORDER BY name').fetchall() == [("longer than five",), ("short",)]


def test_a_dropped_column_comes_back_with_its_values_and_later_rows_stay(applier, pg):
    sync(applier, doctype(TITLE, field("day", "Date", required=1)))
    pg.execute("""INSERT INTO "tabThing" (name, day) VALUES ('A', '2024-02-29')""")
    result = sync(applier, doctype(TITLE), removed_fields="drop", accept={"DS03"})
    pg.execute("""INSERT INTO "tabThing" (name) VALUES ('B')""")
    applier.rollback_migration(result.migration_id)
    found = pg.execute('SELECT name, day::text FROM "tabThing" ORDER BY 1').fetchall()
    assert found == [("A", "2024-02-29"), ("B", "0001-01-01")]


def test_a_table_that_somebody_holds_is_left_alone_and_the_holder_named(applier, pg):
    sync(applier, doctype(TITLE))
    pg.execute("SET application_name = 'till'; BEGIN")
    pg.execute("""INSERT INTO "tabThing" (name) VALUES ('A')""")
    with pytest.raises(LockedError, match="till"):
        sync(applier, doctype(TITLE, field("qty", "Int")))
    pg.execute("COMMIT")
    assert sync(applier, doctype(TITLE, field("qty", "Int"))).outcome == "applied"
    assert [r.status for r in applier.history.get_migration_history()] == ["applied", "failed", "applied"]


def test_what_a_failed_concurrent_build_left_is_not_taken_for_the_index(applier, pg):
    """It keeps its name, forbids nothing, and IF NOT EXISTS would be content with it (trap G2)."""
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', 'x'), ('B', 'x')""")
    with pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute('CREATE UNIQUE INDEX CONCURRENTLY "ux_tabThing_title" ON "tabThing" (title)')
    pg.execute("""DELETE FROM "tabThing" WHERE name = 'B'""")
    sync(applier, doctype(field("title", unique=1)))
    with pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('C', 'x')""")


def test_a_view_in_the_way_is_named_before_anything_is_written(applier, pg):
    sync(applier, doctype(TITLE))
    pg.execute('CREATE VIEW v AS SELECT title FROM "tabThing"')
    with pytest.raises(UnsupportedChangeError, match="view v"):
        sync(applier, doctype(field("title", "Int")))


def test_a_failure_in_the_transaction_changes_nothing_and_is_recorded(applier, pg, monkeypatch):
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', 'a')""")
    from sodaf_nb.execution import executor

    def broken(*_arguments):
        raise MigrationExecutionError("planted")

    monkeypatch.setattr(executor, "require_outcome", broken)
    before = applier.database.reflect()
    with pytest.raises(MigrationExecutionError, match="planted"):
        sync(applier, doctype(field("title", "Text", required=1), field("qty", "Int")))
    assert applier.database.reflect() == before
    assert [r.status for r in applier.history.get_migration_history("Thing")] == ["failed", "applied"]


# ------------------------------------------------------------------------------ dry runs


def test_a_dry_run_rehearses_on_the_rows_and_leaves_nothing(applier, pg):
    sync(applier, doctype(TITLE, field("qty")))
    pg.execute(
        """INSERT INTO "tabThing" (name, title, qty) VALUES ('A', 'a', '1'), ('B', 'b', 'x'), ('C', NULL, NULL)"""
    )
    applier.doctypes.register(doctype(TITLE, field("qty", "Int"), field("new", default="n")))
    before = pg.execute("SELECT count(*) FROM pg_class").fetchone()
    dry = applier.dry_run("Thing", SyncOptions(accept={"DS08"}))
    assert dry.success, dry.rehearsal.problem
    assert dry.rehearsal.to_text() == "Rehearsed on a copy with all 3 rows: up and back, rows and objects equal."
    assert dry.rehearsal.locked == ("tabThing (AccessShareLock)",)
    assert [(c.column, c.what, c.rows) for c in dry.changes] == [
        ("qty", "converted", 1),
        ("qty", "nulled", 1),
        ("new", "added", 3),
    ]
    assert [p["strategy"] for p in dry.backup_preview] == ["column"]
    assert pg.execute("SELECT count(*) FROM pg_class").fetchone() == before
    assert pg.execute('SELECT qty FROM "tabThing" ORDER BY name').fetchall() == [("1",), ("x",), (None,)]
    result = applier.sync_doctype("Thing", SyncOptions(accept={"DS08"}))
    assert result.sql == dry.sql


def test_a_rehearsal_wakes_no_trigger_and_makes_no_writer_wait(applier, pg):
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', '1')""")
    pg.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''woken''; END'")
    for event in ("INSERT", "UPDATE"):
        pg.execute(f'CREATE TRIGGER a_{event} BEFORE {event} ON "tabThing" FOR EACH ROW EXECUTE FUNCTION no()')
    applier.doctypes.register(doctype(field("title", "Int")))
    pg.execute('BEGIN; LOCK TABLE "tabThing" IN ROW EXCLUSIVE MODE')
    dry = applier.dry_run("Thing")
    pg.execute("COMMIT")
    assert dry.success, dry.rehearsal.problem


def test_a_rehearsal_of_a_rollback_keeps_later_writes(applier, pg):
    sync(applier, doctype(TITLE, field("qty")))
    pg.execute("""INSERT INTO "tabThing" (name, qty) VALUES ('A', 'x'), ('B', '2')""")
    result = sync(applier, doctype(TITLE, field("qty", "Int")), accept={"DS08"})
    pg.execute("""UPDATE "tabThing" SET qty = 9 WHERE name = 'B'""")
    dry = applier.dry_run_rollback(result.migration_id)
    assert dry.success, dry.rehearsal.problem
    assert [(row.key, *(cell.to_text() for cell in row.cells)) for row in dry.preview_rows] == [
        ("A", "NULL -> 'x'"),
        ("B", "9 -> '9'"),
    ]


def test_an_incremental_backup_holds_what_changed(applier, pg, tmp_path):
    sync(applier, doctype(TITLE, field("qty")))
    pg.execute("""INSERT INTO "tabThing" (name, title) SELECT 'R' || n, 'a' FROM generate_series(1, 50) AS n""")
    first = applier.backups.create_backup("Thing", "tabThing")
    pg.execute("""UPDATE "tabThing" SET title = 'b' WHERE name = 'R7'; DELETE FROM "tabThing" WHERE name = 'R8'""")
    second = applier.backups.create_backup("Thing", "tabThing", strategy="incremental")
    assert (second.strategy, second.base_id, second.row_count) == ("incremental", first.id, 49)
    titles = {row[0]: row[7] for row in applier.backups.read_rows(second.id)}
    assert (len(titles), titles["R7"], titles["R1"]) == (49, "b", "a")
    assert applier.backups.validate_backup(second.id).verified


VALUES = (
    "f8 double precision",
    "n numeric",
    "ts timestamptz",
    "b bytea",
    "j jsonb",
    "u uuid",
    "a text[]",
    "i interval",
    "r int4range",
    "p point",
)


def test_a_backup_gives_back_every_type_exactly(applier, pg):
    sync(applier, doctype(TITLE, field("gone")))
    pg.execute(f'ALTER TABLE "tabThing" {", ".join(f"ADD {column}" for column in VALUES)}')
    pg.execute("CREATE TYPE points AS ENUM ('007', 'x'); ALTER TABLE \"tabThing\" ADD e points")
    pg.execute(
        """INSERT INTO "tabThing" (name, title, gone, f8, n, ts, b, j, u, a, i, r, p, e) VALUES
        ('A', E'tab\\there\\n\\\\N', 'x', '-0', 'NaN', '2024-02-29 10:11:12.000001+05', '\\x00ff', '{"a": [1, null]}',
         'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a,NULL,"b,c"}', '1 mon -2 days', '[1,5)', '(1.5,-0)', '007'),
        ('B', '', '\u00e9\u4e2d', 'Infinity', 1e-40, 'infinity', '', 'null', NULL, '{}', '12', 'empty', NULL, 'x'),
        ('C', NULL, NULL, 0.1, 1.10, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
    )
    everything = 'SELECT t::text FROM "tabThing" AS t ORDER BY name'
    before = pg.execute(everything).fetchall()
    backup = applier.backups.create_backup("Thing", "tabThing")
    assert backup.verified
    with applier.backups.open_data(backup.id) as path, applier.database.write() as session:
        session.attach_backup(str(path))
        assert session.rows("SELECT t::text FROM pg_temp.sodaf_backup AS t ORDER BY name") == before


def test_a_backup_that_is_not_what_the_table_holds_is_thrown_away(applier, pg, monkeypatch):
    from sodaf_nb.database.postgres import held
    from sodaf_nb.errors import MigrationBackupError

    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', 'a')""")
    real = held._numbered
    monkeypatch.setattr(held, "_numbered", lambda row, whole: tuple("b" if v == "a" else v for v in real(row, whole)))
    with pytest.raises(MigrationBackupError):
        applier.backups.create_backup("Thing", "tabThing")
    assert len(applier.backups.list_backups()) == 0


# ------------------------------------------------------------------------------ values edited since


@pytest.mark.parametrize(
    ("policy", "titles"), [("keep_newer", [("9",), ("x",)]), ("take_older", [("1",), ("x",)]), ("stop", None)]
)
def test_a_rollback_does_with_values_edited_since_what_it_is_told(policy, titles, applier, pg):
    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', '1'), ('B', 'x')""")
    result = sync(applier, doctype(field("title", "Int")), accept={"DS08"})
    pg.execute("""UPDATE "tabThing" SET title = 9 WHERE name = 'A'""")
    options = RollbackOptions(on_conflict=policy)
    if titles is None:
        with pytest.raises(MigrationRollbackError, match=r"1 value of tabThing\.title edited since"):
            applier.rollback_migration(result.migration_id, options)
        titles = [(9,), (None,)]
    else:
        applier.rollback_migration(result.migration_id, options)
    assert pg.execute('SELECT title FROM "tabThing" ORDER BY name').fetchall() == titles


def test_a_rollback_can_be_rolled_back(applier, pg):
    sync(applier, doctype(TITLE, field("qty")))
    pg.execute("""INSERT INTO "tabThing" (name, qty) VALUES ('A', '1'), ('B', 'x')""")
    result = sync(applier, doctype(TITLE, field("qty", "Int")), accept={"DS08"})
    back = applier.rollback_migration(result.migration_id)
    applier.rollback_migration(back.migration_id, RollbackOptions(accept={"DS08"}))
    assert pg.execute('SELECT qty FROM "tabThing" ORDER BY name').fetchall() == [(1,), (None,)]


def test_a_process_killed_in_the_middle_leaves_nothing_and_is_settled(applier, pg, pg_url, tmp_path):
    import subprocess
    import sys

    sync(applier, doctype(TITLE))
    pg.execute("""INSERT INTO "tabThing" (name, title) VALUES ('A', '1')""")
    program = f"""
import os, signal
from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.execution import executor
from sodaf_nb.options import ApplyOptions
executor.require_outcome = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
database = Database({pg_url.render_as_string(hide_password=False)!r})
applier = MigrationApplier(database, DocTypeEngine(), ApplyOptions(backup_dir={str(tmp_path / "backups")!r}))
applier.doctypes.register({doctype(field("title", "Int"))!r})
applier.sync_doctype("Thing")
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == -9
    assert [attempt.outcome for attempt in applier.interrupted()] == ["aborted"]
    assert pg.execute('SELECT title FROM "tabThing"').fetchall() == [("1",)]
    assert [attempt.outcome for attempt in applier.recover().attempts] == ["aborted"]
    assert sync(applier, doctype(field("title", "Int"))).outcome == "applied"


def test_the_audit_log_holds_and_notices_an_edited_history(applier, pg):
    sync(applier, doctype(TITLE))
    sync(applier, doctype(TITLE, field("qty", "Int")))
    log, rows = applier.history.audit, applier.history.get_migration_history()
    assert log.verify(rows).problems == ()
    pg.execute("""UPDATE "tabMigrationHistory" SET applied_by = 'somebody else' WHERE version = 1""")
    assert log.verify(applier.history.get_migration_history()).problems


@pytest.mark.parametrize("happened", [True, False])
def test_a_connection_lost_in_the_commit_is_decided_by_the_history(happened, applier, pg, monkeypatch):
    from sodaf_nb.database.postgres import database as module
    from sodaf_nb.errors import DatabaseError

    sync(applier, doctype(TITLE))
    real, calls = module.commit, []

    def lost(connection):
        calls.append(None)
        if len(calls) != 2:  # the first is the note that an attempt begins
            real(connection)
            return
        if happened:
            real(connection)
        pg.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        raise DatabaseError("The connection to the server was lost.")

    monkeypatch.setattr(module, "commit", lost)
    if happened:
        assert sync(applier, doctype(TITLE, field("qty", "Int"))).outcome == "applied"
    else:
        with pytest.raises(DatabaseError, match="lost"):
            sync(applier, doctype(TITLE, field("qty", "Int")))
    assert ("qty" in applier.database.reflect().tables["tabThing"].column_names()) is happened
    statuses = [record.status for record in applier.history.get_migration_history()]
    assert statuses == ["applied" if happened else "failed", "applied"]
