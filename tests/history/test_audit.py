"""The audit log of a real database: what is written when, and what is noticed."""

import json
import sqlite3
from contextlib import closing

import pytest

from sodaf_nb import ApplyOptions, Database, DocTypeEngine, MigrationApplier, Retention, SyncOptions
from sodaf_nb.errors import AuditError, BlockedMigrationError, MigrationExecutionError, UsageError
from sodaf_nb.history import MigrationHistoryManager
from sodaf_nb.history.audit import KEY_VARIABLE
from sodaf_nb.history.records import COLUMNS

DATA = {"fieldname": "city", "fieldtype": "Data"}


ADDED = f"""INSERT INTO tabMigrationHistory SELECT 'ZZ' || substr(id, 3), {", ".join(COLUMNS[1:])}
    FROM tabMigrationHistory"""


def customer(*fields):
    return {"name": "Customer", "fields": [DATA, *fields]}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "shop.db"


@pytest.fixture
def applier(file, tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    doctypes = DocTypeEngine()
    doctypes.register(customer())
    with closing(Database(file)) as database:
        made = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "backups", applied_by="ann"))
        made.sync_doctype("Customer")
        with database.write() as session:
            session.execute("INSERT INTO \"tabCustomer\" (name, city) VALUES ('C1', 'Ulm')")
        yield made


def events(applier):
    return [entry.event for entry in applier.history.audit.entries()]


def tampered(file, *statements):
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def problems(applier):
    with pytest.raises(AuditError) as caught:
        applier.history.verify_audit()
    return caught.value.details


def test_every_kind_of_event_has_an_entry_with_who_and_what(applier):
    applier.doctypes.register(customer({"fieldname": "note", "fieldtype": "Data"}))
    applied = applier.sync_doctype("Customer")
    applier.rollback_migration(applied.migration_id)
    backup = applier.backups.create_backup("Customer", "tabCustomer")
    applier.backups.restore_backup(backup.id)
    applier.backups.prune(Retention(keep_last=1))

    assert events(applier) == [
        "started", "applied", "started", "applied", "started", "rolled back", "restored", "removed backups",
    ]  # fmt: skip
    entries = applier.history.audit.entries()
    assert {entry.actor for entry in entries} == {"ann"}
    assert json.loads(entries[3].details)["plan"] == applied.metadata["plan_id"]
    assert json.loads(entries[5].details)["undoes"] == applied.migration_id
    assert applier.history.verify_audit().success


def test_a_failure_and_a_recovery_are_entries_too(applier, file, monkeypatch):
    applier.doctypes.register(customer({"fieldname": "note", "fieldtype": "Data"}))
    monkeypatch.setattr("sodaf_nb.execution.executor.require_outcome", lambda *_a: 1 / 0)
    with pytest.raises(MigrationExecutionError):
        applier.sync_doctype("Customer")
    tampered(file, "UPDATE tabMigrationAttempt SET state = 'started' WHERE rowid = 2")
    applier.recover()

    assert events(applier)[2:] == ["started", "failed", "settled"]
    assert applier.history.verify_audit().success


def test_an_accepted_finding_is_in_the_entry(applier):
    applier.doctypes.register({"name": "Customer", "fields": []})
    drop = SyncOptions(removed_fields="drop")
    with pytest.raises(BlockedMigrationError):
        applier.sync_doctype("Customer", drop)
    applier.sync_doctype("Customer", SyncOptions(removed_fields="drop", accept={"DS03"}))

    assert json.loads(applier.history.audit.entries()[-1].details)["accepted"] == ["DS03"]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE tabMigrationAudit SET actor = 'eve' WHERE number = 1", "entry 1 was changed"),
        ("DELETE FROM tabMigrationAudit WHERE number = 1", "entry 1 is missing"),
        ("DELETE FROM tabMigrationAudit", "there were 2 entries when the head was noted, and 0 are left"),
        ("UPDATE tabMigrationHistory SET applied_by = 'eve'", "was changed after it was written"),
        ("UPDATE tabMigrationHistory SET status = 'rolled_back'", "and no entry does"),
        ("DELETE FROM tabMigrationHistory", "the history has no row"),
        (
            ADDED,
            "was added without an entry",
        ),
    ],
)
def test_whatever_is_done_past_the_tool_is_noticed(applier, file, tmp_path, statement, problem):
    (tmp_path / "backups").mkdir(exist_ok=True)
    applier.history.note_audit_head()
    assert applier.history.verify_audit().success
    tampered(file, statement)

    assert any(problem in found for found in problems(applier))


def test_rows_older_than_the_log_are_left_alone(applier, file):
    tampered(file, "DROP TABLE tabMigrationAudit")
    applier.doctypes.register(customer({"fieldname": "note", "fieldtype": "Data"}))
    applier.sync_doctype("Customer")

    assert applier.history.verify_audit().success


def test_the_end_of_the_log_is_noted_beside_the_backups_in_a_private_file(applier, tmp_path):
    applier.backups.create_backup("Customer", "tabCustomer")
    applier.history.note_audit_head()
    (noted,) = (tmp_path / "backups").glob("audit-*.json")

    assert noted.stat().st_mode & 0o777 == 0o600
    assert json.loads(noted.read_text())["number"] == 2
    assert applier.history.verify_audit().head.number == 2
    assert len(applier.backups.list_backups()) == 1


def test_a_damaged_note_counts_as_none(applier, tmp_path):
    applier.backups.create_backup("Customer", "tabCustomer")
    applier.history.note_audit_head()
    (noted,) = (tmp_path / "backups").glob("audit-*.json")
    noted.write_text("[]")

    report = applier.history.verify_audit()
    assert report.head is None
    assert "a missing tail would not be seen" in repr(report)


def test_a_key_seals_entries_and_another_key_does_not_fit(applier, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret one")
    applier.doctypes.register(customer({"fieldname": "note", "fieldtype": "Data"}))
    applier.sync_doctype("Customer")
    assert applier.history.verify_audit().seals_checked
    assert "secret one" not in repr(applier.history.audit.entries())

    monkeypatch.setenv(KEY_VARIABLE, "another")
    assert problems(applier) == ("entry 3 was not sealed with this key", "entry 4 was not sealed with this key")

    monkeypatch.delenv(KEY_VARIABLE)
    assert f"with {KEY_VARIABLE} set" in repr(applier.history.verify_audit())


def test_a_disk_that_refuses_the_note_stops_nothing(applier, tmp_path, monkeypatch):
    applier.backups.create_backup("Customer", "tabCustomer")

    def full(*_args):
        raise OSError("no space")

    monkeypatch.setattr("sodaf_nb.history.audit.os.fsync", full)
    applier.history.note_audit_head()

    assert list((tmp_path / "backups").glob("*audit*")) == []


def test_backups_of_a_database_that_was_never_migrated_are_removed_without_an_entry(tmp_path):
    with closing(Database(tmp_path / "plain.db")) as database:
        with database.write() as session:
            session.execute("CREATE TABLE tabThing (name TEXT PRIMARY KEY)")
        applier = MigrationApplier(database, DocTypeEngine(), ApplyOptions(backup_dir=tmp_path / "b"))
        for _twice in range(2):
            applier.backups.create_backup("Thing", "tabThing")
        applier.backups.prune(Retention(keep_last=1))

        assert applier.history.audit.entries() == ()


def test_a_history_alone_keeps_no_log(applier):
    with pytest.raises(UsageError, match="keeps no audit log"):
        MigrationHistoryManager(applier.database).verify_audit()


def test_the_commands_list_and_verify(applier):
    from sodaf_nb.commands import Context, run_line

    context = Context()
    context.open(applier.database, name="shop", own={"backup_dir": applier.options.backup_dir}, ours=False)

    assert [row["event"] for row in run_line(context, "audit").to_rows()] == ["started", "applied"]
    assert "digest" in run_line(context, "audit").to_frame().columns
    assert run_line(context, "audit verify").heading() == "Audit log: 2 entries, all hangs together"
