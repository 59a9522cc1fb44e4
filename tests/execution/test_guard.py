"""Profiles: whose word a change needs before it is carried out, in Python as on a command line."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sodaf_nb import access
from sodaf_nb.access import Access
from sodaf_nb.applier import MigrationApplier
from sodaf_nb.backup import Retention
from sodaf_nb.errors import AccessError, ApprovalError, AuditError, BlockedMigrationError, StalePlanError, UsageError
from sodaf_nb.options import RollbackOptions, SyncOptions
from sodaf_nb.plan import Plan
from tests.acceptance.making import World, doctype, field

BEFORE = doctype(field("title"), field("city"))
AFTER = doctype(field("title"))
DROP = SyncOptions(removed_fields="drop", accept={"DS03"}, yes_on="shop")
NAMED = RollbackOptions(yes_on="shop", accept="all")


class People:
    """A database, and the same seen by several people at a time that can be moved."""

    def __init__(self, folder, **profile):
        self.world = World(folder, access=Access(connection="shop", **profile))
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        plain = MigrationApplier(
            self.world.database, self.world.doctypes, replace(self.world.applier.options, access=None)
        )
        self.world.declare(BEFORE)
        plain.sync_doctype("Thing")
        self.world.insert("tabThing", [{"city": "Oslo"}])
        self.world.declare(AFTER)
        self.plain = plain
        self.applier = MigrationApplier(
            self.world.database, self.world.doctypes, self.world.applier.options, clock=lambda: self.now
        )


@pytest.fixture
def is_(monkeypatch):
    """Say who sits there."""
    return lambda name: monkeypatch.setattr(access, "account", lambda: name)


@pytest.fixture
def people(tmp_path, is_):
    is_("bob")
    made = People(tmp_path, protected=True, operators=frozenset({"bob", "ann"}), approvers=frozenset({"ann", "bob"}))
    yield made
    made.world.close()


def refused(people, act, error, match):
    def seen():
        return people.world.state(), people.world.ask("SELECT * FROM tabMigrationAudit")

    before = seen()
    with pytest.raises(error, match=match):
        act()
    assert seen() == before, "nothing was written"


def test_the_account_is_the_one_of_the_process_whatever_a_variable_says(monkeypatch):
    here = access.account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "boss")
    assert access.account() == here != "boss"


def test_an_account_without_a_name_is_its_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)
    assert access.account() == "uid 3999999"


# ---------------------------------------------------------------- the name of production


@pytest.fixture
def production(tmp_path):
    world = World(tmp_path, environment="prod").declare(BEFORE)
    world.applier.sync_doctype("Thing", SyncOptions(yes_on="shop.db"))
    yield world
    world.close()


def in_python(world):
    """Return each way in which Python changes a database."""
    applier, first = world.applier, world.applier.history.get_migration_history()[0].id
    backup = applier.backups.create_backup("Thing", "tabThing")
    world.insert("tabThing", [{"city": "Oslo"}])
    world.declare(doctype(field("title"), field("city"), field("fax")))
    plan = applier.plan("Thing")
    return {
        "sync_doctype": lambda name: applier.sync_doctype("Thing", SyncOptions(yes_on=name)),
        "sync_all": lambda name: applier.sync_all_doctypes(SyncOptions(yes_on=name)),
        "apply_plan": lambda name: applier.apply_plan(plan, yes_on=name),
        "rollback": lambda name: applier.rollback_migration(first, RollbackOptions(yes_on=name, accept="all")),
        "rollback_through": lambda name: applier.rollback_through(first, RollbackOptions(yes_on=name, accept="all")),
        "restore": lambda name: applier.backups.restore_backup(backup.id, yes_on=name),
    }


@pytest.mark.parametrize("way", ["sync_doctype", "sync_all", "apply_plan", "rollback", "rollback_through", "restore"])
def test_python_changes_production_only_by_its_name(production, way):
    change, before = in_python(production)[way], production.state()
    with pytest.raises(UsageError, match=r'shop.db is a PRODUCTION database; nothing.* Hint: .*yes_on="shop.db"'):
        change(None)
    with pytest.raises(UsageError, match="the name given is 'trial'"):
        change("trial")
    assert production.state() == before
    change("shop.db")
    assert production.state() != before


def test_looking_needs_no_name(production):
    applier = production.declare(AFTER).applier
    applier.dry_run("Thing", SyncOptions(removed_fields="drop"))
    assert applier.sync_doctype("Thing", SyncOptions(dry_run=True, removed_fields="drop")).outcome != "applied"
    assert applier.sync_all_doctypes(SyncOptions(dry_run=True)).success
    backup = applier.backups.create_backup("Thing", "tabThing")
    applier.backups.restore_backup(backup.id, dry_run=True)


# ---------------------------------------------------------------- somebody else's word


def test_a_plan_waits_for_somebody_else_who_approved_exactly_that_plan(people, is_):
    applier = people.applier
    change = lambda: applier.sync_doctype("Thing", DROP)  # noqa: E731
    refused(people, change, ApprovalError, r"nobody has\. Hint: somebody else .* applier\.approve\(\"[0-9a-f]{64}\"\)")
    plan = applier.plan("Thing", DROP)

    assert applier.approve(plan).state == "valid", "of bob, who applies it himself"
    refused(people, change, ApprovalError, "one's own approval does not count")
    is_("ann")
    applier.approve(applier.plan("Thing").id)  # another plan: it drops nothing
    is_("bob")
    refused(people, change, ApprovalError, "one's own approval does not count")
    is_("ann")
    applier.approve(plan)
    is_("bob")
    refused(people, lambda: applier.sync_doctype("Thing", replace(DROP, yes_on=None)), UsageError, "protected")
    assert change().outcome == "applied"
    newest = applier.approvals().to_rows()[0]
    assert (newest["account"], newest["state"]) == ("ann", "used")
    assert applier.history.verify_audit().success


def test_a_saved_plan_needs_it_too(people, is_, tmp_path):
    saved = people.applier.plan("Thing", DROP).save(tmp_path / "plan.json")
    carry_out = lambda: people.applier.apply_plan(Plan.load(saved), accept={"DS03"}, yes_on="shop")  # noqa: E731
    refused(people, carry_out, ApprovalError, "nobody has")
    is_("ann")
    people.applier.approve(Plan.load(saved))
    is_("bob")
    assert carry_out().outcome == "applied"


def test_an_approval_runs_out_and_is_used_up(people, is_):
    people.world.declare(doctype(field("title"), field("city"), field("fax")))
    applier, plan = people.applier, people.applier.plan("Thing")
    is_("ann")
    applier.approve(plan, expires=timedelta(minutes=5))
    is_("bob")
    people.now += timedelta(minutes=5)
    refused(people, lambda: applier.sync_doctype("Thing", DROP), ApprovalError, "the approval ran out")
    assert [a.state for a in applier.approvals()] == ["ran out"]
    is_("ann")
    applier.approve(plan)
    is_("bob")
    done = applier.sync_doctype("Thing", DROP)
    is_("cy")
    people.plain.rollback_migration(done.migration_id)
    is_("bob")
    assert applier.plan("Thing").id == plan.id
    refused(people, lambda: applier.sync_doctype("Thing", DROP), ApprovalError, "nobody has")


def test_the_way_back_and_a_restore_need_it_too(people, is_):
    applier, plain = people.applier, people.plain
    done = plain.sync_doctype("Thing", replace(DROP, yes_on=None))
    back = lambda: applier.rollback_migration(done.migration_id, NAMED)  # noqa: E731
    refused(people, back, ApprovalError, "nobody has")
    is_("ann")
    applier.approve(applier.dry_run_rollback(done.migration_id).plan)
    is_("bob")
    assert back().outcome == "applied"
    backup = plain.backups.create_backup("Thing", "tabThing")
    restore = lambda: applier.backups.restore_backup(backup.id, yes_on="shop")  # noqa: E731
    refused(people, restore, ApprovalError, "Putting that backup back .* nobody has")
    is_("ann")
    applier.approve(backup.id)
    is_("bob")
    restore()
    refused(people, restore, ApprovalError, "nobody has")


def test_an_approval_that_was_put_in_by_hand_stops_everything(people, is_):
    is_("ann")
    people.applier.approve("f" * 64)
    is_("bob")
    people.world.run(f"UPDATE tabMigrationAudit SET subject = '{people.applier.plan('Thing', DROP).id}'")
    refused(people, lambda: people.applier.sync_doctype("Thing", DROP), AuditError, "no approval in it counts")


def test_what_cannot_be_approved_is_refused(people, is_):
    applier, plan = people.applier, people.applier.plan("Thing", DROP)
    for lasts in (timedelta(0), timedelta(days=31)):
        refused(people, lambda lasts=lasts: applier.approve(plan, expires=lasts), UsageError, "30 days at most")
    for word in ("beef", "x" * 63 + " "):
        refused(people, lambda word=word: applier.approve(word), UsageError, "not the whole id")
    is_("cy")
    refused(people, lambda: applier.approve(plan), AccessError, "cy may not approve changes of shop")
    is_("ann")
    people.world.run("ALTER TABLE tabThing ADD COLUMN extra TEXT")
    refused(people, lambda: applier.approve(plan), StalePlanError, "nothing was approved")


def test_approvals_are_told_without_times_and_kept_with_them(people):
    assert repr(people.applier.approvals()).endswith("Nothing was approved yet.")
    approval = people.applier.approve(people.applier.plan("Thing", DROP))
    listed = people.applier.approvals()
    assert len(listed) == 1
    assert "2026" not in repr(approval) + repr(listed)
    for frame in (approval.to_frame(), listed.to_frame()):
        assert list(frame["until"]) == ["2026-01-02T00:00:00+00:00"]
        assert list(frame["approved"]) == [approval.subject]


# ---------------------------------------------------------------- roles and hazards


@pytest.mark.parametrize("profile", [{"viewers": frozenset({"bob"})}, {"operators": frozenset({"ann"})}])
def test_who_only_looks_changes_nothing(tmp_path, is_, profile):
    is_("bob")
    people = People(tmp_path, **profile)
    applier, first = people.applier, people.plain.history.get_migration_history()[0].id
    backup = applier.backups.create_backup("Thing", "tabThing")
    for act in (
        lambda: applier.sync_doctype("Thing", DROP),
        lambda: applier.rollback_migration(first, NAMED),
        lambda: applier.backups.restore_backup(backup.id),
        lambda: applier.backups.prune(Retention(keep_last=0)),
        applier.recover,
    ):
        refused(people, act, AccessError, r"bob may not change shop; nothing was changed\.")
    assert applier.backups.get(backup.id).id == backup.id
    assert applier.dry_run("Thing", DROP).success
    people.world.close()


@pytest.mark.parametrize("accept", ["all", {"DS03"}, {"all": "agreed"}, {"DS03:city": "agreed"}])
def test_what_a_profile_does_not_allow_cannot_be_taken_on(tmp_path, is_, accept):
    people = People(tmp_path, allow=frozenset({"DS07"}))
    drop = replace(DROP, accept=accept)
    refused(people, lambda: people.applier.sync_doctype("Thing", drop), AccessError, r"shop does not allow .*: DS03: ")
    people.world.close()


@pytest.mark.parametrize("accept", ["all", {"DS03"}, {"all": "agreed"}, {"DS03:city": "agreed"}])
def test_what_a_profile_allows_can(tmp_path, is_, accept):
    people = People(tmp_path, allow=frozenset({"DS03"}))
    assert people.applier.sync_doctype("Thing", replace(DROP, accept=accept)).outcome == "applied"
    record = people.applier.history.get_migration_history()[0]
    reason = "agreed" if isinstance(accept, dict) else ""
    assert [f["accepted"]["reason"] for f in record.metadata["findings"] if "accepted" in f] == [reason]
    people.world.close()


def test_a_hazard_that_comes_up_after_the_check_is_not_taken_on_by_all(tmp_path, monkeypatch):
    """The rows are judged again inside the transaction; what the profile does not allow must stop it there too."""
    people = People(tmp_path, allow=frozenset())
    people.world.run("UPDATE tabThing SET city = NULL")
    applier = people.applier
    start = applier._executor._started
    monkeypatch.setattr(
        applier._executor,
        "_started",
        lambda job: (people.world.run("UPDATE tabThing SET city = 'Rome'"), start(job))[1],
    )
    with pytest.raises(BlockedMigrationError, match="DS03"):
        applier.sync_doctype("Thing", replace(DROP, accept="all"))
    assert people.world.ask("SELECT city FROM tabThing") == [("Rome",)]
    people.world.close()


def test_the_approval_of_somebody_who_may_not_approve_does_not_count(tmp_path, is_):
    is_("bob")
    people = People(tmp_path, protected=True, viewers=frozenset({"guest"}))
    plan = people.applier.plan("Thing", DROP)
    is_("guest")
    people.plain.approve(plan)
    is_("bob")
    with pytest.raises(ApprovalError):
        people.applier.sync_doctype("Thing", DROP)
    people.world.close()


def test_a_restore_into_the_database_itself_needs_its_name(production):
    backup = production.applier.backups.create_backup("Thing", "tabThing")
    with pytest.raises(UsageError, match="PRODUCTION"):
        production.applier.backups.restore_backup(backup.id, into=production.database)
