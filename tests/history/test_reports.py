"""The history in numbers, filtered, and against the live schema."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sodaf_nb.errors import BlockedMigrationError, UsageError
from tests.acceptance.fixtures import tmp_path, world
from tests.acceptance.making import doctype, field

__all__ = ["tmp_path", "world"]

V1 = doctype(field("title", unique=1), field("gone"))


@pytest.fixture
def used(world):
    world.sync(V1)
    world.insert("tabThing", [{"title": "a", "gone": "x"}])
    world.sync(doctype(field("other"), name="Thing Else"))
    world.result = world.sync(doctype(field("title", unique=1)), removed_fields="drop", accept={"DS03"})
    return world


def test_an_entry_says_all_that_is_known(used):
    record = used.applier.history.get_migration(used.result.migration_id)
    assert record.dialect == "sqlite"
    assert [s["sql"] for s in record.statements] == list(record.sql)
    assert all(s["milliseconds"] >= 0 for s in record.statements)
    assert record.backup_id == record.rollback_info["backup_id"]
    assert record.backup_sha256 == used.applier.backups.get(record.backup_id).manifest_sha256
    assert record.fingerprint_before != record.fingerprint_after
    assert set(record.environment) == {"name", "python", "engine", "sodaf_nb"}
    row = used.applier.history.get_migration_history().to_frame().iloc[0]
    assert row["findings accepted"] == "DS03 tabThing.gone"
    assert (row["backup digest"], row["statements"]) == (record.backup_sha256, len(record.sql))
    assert json.loads(used.ask("SELECT objects FROM tabMigrationHistory ORDER BY rowid DESC")[0][0]) == record.objects


def test_records_are_filtered(used):
    history = used.applier.history
    now = datetime.now(UTC)
    assert len(history.get_migration_history(status="applied")) == 3
    assert len(history.get_migration_history(status="failed")) == 0
    assert len(history.get_migration_history("Thing", applied_by="tester")) == 2
    assert len(history.get_migration_history(applied_by="nobody")) == 0
    assert len(history.get_migration_history(since=now - timedelta(hours=1))) == 3
    assert len(history.get_migration_history(since=now + timedelta(hours=1))) == 0
    assert len(history.get_migration_history(until="2001-01-01")) == 0
    assert len(history.get_migration_history(since="2001-01-01T10:00+02:00", until=now + timedelta(hours=1))) == 3
    assert history.get_migration_history(since="2001-01-01", limit=1).to_rows()[0]["#"] == 3
    with pytest.raises(UsageError, match="is no time"):
        history.get_migration_history(since="yesterday")


def test_statistics_count_by_doctype(used):
    used.run("UPDATE tabThing SET title = 'b'")
    used.applier.rollback_migration(used.result.migration_id)
    made = used.applier.backups.create_backup("Thing", "tabThing")
    used.applier.backups.restore_backup(made.id)
    found = used.applier.history.statistics()
    assert found.heading() == "History of 2 DocTypes: 5 migrations, 0 failed"
    thing = found.numbers[0]
    assert (thing.doctype, thing.applied, thing.rolled_back, thing.rollbacks, thing.restores) == ("Thing", 3, 1, 1, 1)
    assert (thing.backups, thing.longest_ms > thing.mean_ms > 0) == (2, True)
    assert str(thing.mean_ms) not in repr(found)
    assert found.frame_rows()[0]["last"] == thing.last


def test_an_empty_history_has_no_numbers_and_no_drift(world):
    assert world.applier.history.statistics().to_rows() == []
    assert world.applier.history.statistics().empty_text() == "No migrations yet."
    assert world.applier.history.drift().to_rows() == []


def test_what_was_changed_by_hand_is_named_object_by_object(used):
    history = used.applier.history
    assert history.drift().to_rows() == []
    assert history.drift().empty_text() == "Every table is as its last migration left it."
    (index,) = [i.name for i in used.database.reflect().table("tabThing").indexes if i.sql]
    used.run(
        f'DROP INDEX "{index}"',
        "ALTER TABLE tabThing ADD COLUMN mine TEXT",
        "CREATE TRIGGER spy AFTER DELETE ON tabThing BEGIN SELECT 1; END",
        "CREATE VIEW seen AS SELECT title FROM tabThing",
        "CREATE TABLE unrelated (a)",
    )
    drift = history.drift()
    assert drift.heading() == "Drift: 4 objects changed by hand since the last migration"
    assert [(d.doctype, d.kind, d.name, d.change) for d in drift.objects] == [
        ("Thing", "index", index, "removed"),
        ("Thing", "table", "tabThing", "changed"),
        ("Thing", "trigger", "spy", "added"),
        ("Thing", "view", "seen", "added"),
    ]


def test_a_migration_of_another_table_or_a_failed_one_is_no_drift(used):
    used.sync(doctype(field("other", unique=1), name="Thing Else"))
    with pytest.raises(BlockedMigrationError):
        used.sync(doctype(), removed_fields="drop")
    assert used.applier.history.drift().to_rows() == []


def test_a_renamed_table_is_looked_for_under_its_new_name_alone(used):
    used.doctypes.unregister("Thing")
    renamed = used.sync(doctype(field("title", unique=1), name="Renamed"), renamed_from="Thing")
    assert used.applier.history.drift().to_rows() == []
    used.applier.rollback_migration(renamed.migration_id)
    assert used.applier.history.drift().to_rows() == []


def test_pending_names_what_the_database_does_not_match_yet(used):
    assert used.applier.pending().to_rows() == []
    assert used.applier.pending().empty_text() == "The database matches every loaded DocType."
    used.declare(doctype(field("title", unique=1), field("new")))
    used.declare(doctype(field("a"), name="Fresh"))
    pending = used.applier.pending()
    assert pending.heading() == "Pending: 2 DocTypes"
    assert {row["doctype"]: (row["differences"] > 0, row["error"]) for row in pending.to_rows()} == {
        "Fresh": (True, ""),
        "Thing": (True, ""),
    }


def test_a_doctype_that_cannot_be_compared_is_pending_with_its_reason(used, monkeypatch):
    def refuse(_name, **_given):
        raise UsageError("no such thing")

    monkeypatch.setattr(used.applier, "diff", refuse)
    assert {row["error"] for row in used.applier.pending().to_rows()} == {"no such thing"}
