"""Which backups go: laws of the decision, and what a cleanup does on a disk."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.backup import BackupInfo, Retention, Ties
from sodaf_nb.backup.retention import decide, doomed, excess, iso
from sodaf_nb.backup.surroundings import ALONE, Surroundings
from sodaf_nb.database import Database, exclusive
from sodaf_nb.errors import LockedError, MigrationBackupError, UsageError
from tests.backup.helpers import NOON, letters, manager, run

ROOT = Path(__file__).resolve().parents[2]


def backup(number, *, days=0, table="tabCity", size=10, base=None):
    return BackupInfo(
        id=letters(number),
        path=Path(),
        table=table,
        size=size,
        created_at=iso(NOON - timedelta(days=days)),
        base_id=None if base is None else letters(base),
    )


def goes(backups, needed=(), **rules):
    return [int(b.id) for b in doomed(backups, Retention(**rules), NOON, {letters(n) for n in needed})]


FOUR = [backup(1, days=40), backup(2, days=30), backup(3, days=29), backup(4)]


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ({}, []),
        ({"keep_days": 30}, [1]),
        ({"keep_days": 29}, [2, 1]),
        ({"keep_days": 0}, [3, 2, 1]),
        ({"keep_last": 3}, [1]),
        ({"keep_last": 0}, [4, 3, 2, 1]),
        ({"keep_days": 30, "keep_last": 4}, []),
        ({"keep_days": 10, "keep_last": 2}, [2, 1]),
        ({"max_bytes": 40}, []),
        ({"max_bytes": 39}, [1]),
        ({"max_bytes": 0}, [4, 3, 2, 1]),
        ({"max_bytes": 0, "keep_last": 1}, [3, 2, 1]),
        ({"max_bytes": 15, "keep_days": 365}, [3, 2, 1]),
    ],
)
def test_rules(rules, gone):
    assert goes(FOUR, **rules) == gone


def test_the_newest_are_counted_a_table():
    others = [backup(5, days=50, table="tabLand"), backup(6, days=60, table="tabLand")]
    assert goes([*FOUR, *others], keep_last=1) == [3, 2, 1, 6]


def test_what_a_rollback_needs_stays_and_makes_the_younger_ones_go_first():
    assert goes(FOUR, needed=[1], keep_last=1) == [3, 2]
    assert goes(FOUR, needed=[1, 2], max_bytes=20) == [4, 3]


def test_what_a_kept_backup_builds_on_stays():
    chain = [backup(1, days=90), backup(2, days=60, base=1), backup(3, base=2), backup(4, days=80)]
    assert goes(chain, keep_days=30) == [4]
    assert goes(chain, needed=[2], keep_days=0) == [4]


def test_a_chain_goes_from_its_end():
    chain = [backup(1, days=90), backup(2, days=60, base=1), backup(3, base=2), backup(4, days=80)]
    assert goes(chain, max_bytes=30) == [4]
    assert goes(chain, max_bytes=15) == [3, 2, 4]
    assert goes(chain, max_bytes=5) == [3, 2, 4, 1]


def test_each_verdict_has_its_reason():
    backups = [
        backup(1, days=40),
        backup(2, days=35),
        backup(3, days=20),
        backup(4, days=10),
        backup(5, days=9, base=1),
    ]
    verdicts = decide(
        backups, Retention(keep_days=30, keep_last=1, max_bytes=30), NOON, {letters(2)}
    )  # fmt: skip
    assert [(int(v.backup.id), v.goes, v.reason) for v in verdicts] == [
        (5, False, "among the last 1 of its table"),
        (4, True, "over the limit of 30 bytes"),
        (3, True, "over the limit of 30 bytes"),
        (2, False, "a rollback may need it"),
        (1, False, "a kept backup builds on it"),
    ]
    assert [v.reason for v in decide(FOUR[:1], Retention(keep_days=30), NOON, ())] == ["30 days old or more"]
    assert [v.reason for v in decide(FOUR[3:], Retention(keep_days=30), NOON, ())] == ["younger than 30 days"]
    assert [v.reason for v in decide(FOUR[:1], Retention(max_bytes=99), NOON, ())] == ["no rule takes it away"]
    assert [v.reason for v in decide(FOUR[:1], Retention(keep_days=1, keep_last=0), NOON, ())] == [
        "1 days old or more and not among the last 0 of its table"
    ]


numbers = st.one_of(st.none(), st.integers(0, 6))
rules = st.builds(Retention, keep_days=numbers, keep_last=numbers, max_bytes=st.one_of(st.none(), st.integers(0, 60)))


@st.composite
def shelves(draw):
    """Backups of two tables, some built on an older one of their table, and ids that are needed."""
    made = []
    for number in range(draw(st.integers(0, 9))):
        table = draw(st.sampled_from(["a", "b"]))
        older = [int(b.id) for b in made if b.table == table]
        base = draw(st.sampled_from([None, *older]))
        days = draw(st.integers(0, int((NOON - time(made[-1])).days) if made else 8))
        made.append(backup(number, days=days, table=table, size=draw(st.integers(0, 20)), base=base))
    return made, frozenset(draw(st.sets(st.sampled_from([b.id for b in made] or [letters(99)]))))


def time(info):
    from datetime import datetime

    return datetime.fromisoformat(info.created_at)


@given(shelves(), rules)
def test_what_is_needed_and_what_stays_builds_on_is_never_deleted(shelf, retention):
    backups, needed = shelf
    gone = {b.id for b in doomed(backups, retention, NOON, needed)}
    assert not gone & needed
    assert not gone & {b.base_id for b in backups if b.id not in gone}


@given(shelves(), rules)
def test_the_newest_of_each_table_are_never_deleted(shelf, retention):
    backups, needed = shelf
    gone = {b.id for b in doomed(backups, retention, NOON, needed)}
    for table in ("a", "b"):
        mine = sorted((b.created_at, b.id) for b in backups if b.table == table)[::-1]
        assert not gone & {backup_id for _time, backup_id in mine[: retention.keep_last or 0]}


@given(shelves(), rules)
def test_within_the_limit_or_nothing_left_that_may_go(shelf, retention):
    backups, needed = shelf
    verdicts = decide(backups, retention, NOON, needed)
    kept = [v.backup for v in verdicts if not v.goes]
    assert excess(verdicts, retention.max_bytes) == max(
        0, sum(b.size for b in kept) - (10**9 if retention.max_bytes is None else retention.max_bytes)
    )
    if excess(verdicts, retention.max_bytes):
        firm = {v.backup.id for v in verdicts if not v.goes and v.reason.startswith(("among", "a rollback", "a kept"))}
        assert {b.id for b in kept} == firm


@given(shelves(), rules, st.randoms(use_true_random=False))
def test_the_decision_neither_depends_on_the_order_nor_changes_when_made_again(shelf, retention, random):
    backups, needed = shelf
    gone = doomed(backups, retention, NOON, needed)
    mixed = random.sample(backups, len(backups))
    assert doomed(mixed, retention, NOON, needed) == gone
    left = [b for b in backups if b not in gone]
    assert doomed(left, retention, NOON, needed) == ()


@given(shelves(), rules)
def test_longer_rules_delete_no_more(shelf, retention):
    backups, needed = shelf
    retention = replace(retention, max_bytes=None)
    gone = set(doomed(backups, retention, NOON, needed))
    for name in ("keep_days", "keep_last"):
        if (number := getattr(retention, name)) is not None:
            assert set(doomed(backups, replace(retention, **{name: number + 1}), NOON, needed)) <= gone


@given(shelves(), rules)
def test_nothing_is_deleted_before_what_builds_on_it(shelf, retention):
    backups, needed = shelf
    order = [b.id for b in doomed(backups, retention, NOON, needed)]
    for info in backups:
        if info.id in order and info.base_id in order:
            assert order.index(info.id) < order.index(info.base_id)


@pytest.mark.parametrize("name", ["keep_days", "keep_last", "max_bytes"])
@pytest.mark.parametrize("wrong", [-1, 1.5, "3", True])
def test_a_rule_that_is_no_number_is_refused(name, wrong):
    with pytest.raises(UsageError, match=name):
        Retention(**{name: wrong})


def test_an_age_beyond_the_calendar_is_refused():
    with pytest.raises(UsageError, match="36500"):
        Retention(keep_days=10**9)


# ---------------------------------------------------------------- on a disk


@pytest.fixture
def shelf(small, tmp_path):
    """Backups 1 to 4, which are 40, 31, 29 and 0 days old."""
    for number, days in enumerate([40, 31, 29, 0], start=1):
        manager(small, tmp_path / "b", now=NOON - timedelta(days=days), first=number).create_backup("City", "tabCity")
    return manager(small, tmp_path / "b", around=Surroundings(ties=lambda: Ties(needed={letters(1)})))


def left(backups):
    return sorted(path.name for path in backups.directory.iterdir())


def test_what_the_database_needs_stays_whoever_cleans_up(shelf):
    assert shelf.cleanup(retention=Retention(keep_last=1), dry_run=True) == (letters(3), letters(2))
    assert len(left(shelf)) == 4
    assert shelf.cleanup(retention=Retention(keep_last=1), keep=[letters(2)]) == (letters(3),)
    assert shelf.cleanup() == (letters(2),)
    assert left(shelf) == [letters(1), letters(4)]


def test_two_answers_to_one_question_are_refused(shelf):
    with pytest.raises(UsageError, match="same thing"):
        shelf.cleanup(older_than_days=3, retention=Retention())
    assert len(left(shelf)) == 4


def test_the_result_says_what_went_and_why_the_rest_stays(shelf):
    (shelf.directory / letters(9)).mkdir()
    result = shelf.prune(Retention(keep_days=30, max_bytes=1), dry_run=True)
    assert result.heading() == "Backups: 3 would be deleted, 2 kept"
    assert [(row["verdict"], row["reason"][:20]) for row in result.to_rows()] == [
        ("would go", "over the limit of 1 "),
        ("would go", "over the limit of 1 "),
        ("would go", "30 days old or more"),
        ("kept", "a rollback may need "),
        ("kept", "damaged: for a perso"),
    ]
    assert result.notes() == ["The limit on bytes is not reached: what is left is needed or the newest."]
    done = shelf.prune(Retention(keep_days=30))
    assert done.heading() == "Backups: 1 deleted, 4 kept"
    assert done.to_rows()[2]["verdict"] == "deleted"
    assert done.notes() == []
    assert left(shelf) == [letters(n) for n in (1, 3, 4, 9)]


def test_an_empty_directory_has_nothing_to_clean(backups):
    assert repr(backups.prune(Retention(keep_days=1))) == "Backups: 0 deleted, 0 kept\nno backups"


def test_backups_of_other_databases_in_the_same_directory_stay_and_do_not_count(shelf, tmp_path):
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    run(other, "CREATE TABLE tabCity(a)")
    manager(other, tmp_path / "b", first=60).create_backup("City", "tabCity")
    other.close()
    result = shelf.prune(Retention(keep_last=1, max_bytes=1))
    assert result.to_rows()[-1]["reason"] == "it belongs to another database"
    assert left(shelf) == [letters(1), letters(4), letters(60)]


def test_a_migration_nobody_here_knows_is_of_another_database_of_the_same_name(small, tmp_path):
    manager(small, tmp_path / "b").create_backup("City", "tabCity", migration_id="theirs")
    manager(small, tmp_path / "b", first=2).create_backup("City", "tabCity", migration_id="ours")
    backups = manager(small, tmp_path / "b", around=Surroundings(ties=lambda: Ties(migrations={"ours"})))
    assert backups.prune(Retention(keep_last=0)).removed == (letters(2),)
    assert left(backups) == [letters(1)]


def test_no_cleanup_while_a_migration_runs(shelf, small):
    with exclusive(small.uri, small.file):
        with pytest.raises(LockedError):
            shelf.cleanup(retention=Retention(keep_last=0))
        assert len(shelf.cleanup(retention=Retention(keep_last=0), dry_run=True)) == 3
    assert len(left(shelf)) == 4


def test_nothing_goes_when_the_history_cannot_be_read(shelf):
    def unreadable():
        raise LockedError("no")

    shelf._around = Surroundings(ties=unreadable)
    with pytest.raises(LockedError):
        shelf.cleanup()
    assert len(left(shelf)) == 4


def test_a_file_system_that_refuses_is_said(shelf, small, monkeypatch):
    monkeypatch.setattr("sodaf_nb.backup.store.BackupStore.leftovers", lambda *_: (_ for _ in ()).throw(OSError("io")))
    with pytest.raises(MigrationBackupError, match="Backups could not be cleaned up: io"):
        shelf.cleanup()


# ---------------------------------------------------------------- drafts


def aged(path, minutes):
    when = (NOON - timedelta(minutes=minutes)).timestamp()
    for each in (*(path.iterdir() if path.is_dir() and not path.is_symlink() else ()), path):
        os.utime(each, (when, when), follow_symlinks=False)


def test_a_draft_that_is_still_written_to_stays(backups):
    draft = backups.directory / f".partial-{letters(1)}"
    draft.mkdir(parents=True)
    (draft / "data.sqlite.zst").touch()
    aged(draft, 61)
    when = (NOON - timedelta(minutes=1)).timestamp()
    os.utime(draft / "data.sqlite.zst", (when, when))
    assert backups.cleanup() == ()
    aged(draft, 61)
    assert backups.cleanup() == (draft.name,)


HOLDER = """
import sys
from sodaf_nb.backup.store import BackupStore
with BackupStore(sys.argv[1]).draft(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_draft_whose_maker_is_alive_stays_however_old(backups):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLDER, str(backups.directory), letters(1)]
    draft = backups.directory / f".partial-{letters(1)}"
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"held\n"
        aged(draft, 6000)
        assert backups.cleanup() == ()
        child.kill()
        child.wait()
        assert backups.cleanup() == (draft.name,)
        child.stdin.close()
    assert left(backups) == []


def test_planted_things_in_the_place_of_a_draft_are_taken_away_and_not_followed(backups, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    backups.directory.mkdir()
    (backups.directory / ".partial-link").symlink_to(tmp_path / "elsewhere")
    (backups.directory / ".partial-file").touch()
    for name in (".partial-link", ".partial-file"):
        aged(backups.directory / name, 61)
    assert backups.cleanup() == (".partial-file", ".partial-link")
    assert left(backups) == []
    assert (tmp_path / "elsewhere" / "file").exists()


def test_a_file_system_without_locks_makes_backups_all_the_same(small, backups, monkeypatch):
    def refuse(*_args):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("sodaf_nb.backup.store.fcntl.flock", refuse)
    assert backups.create_backup("City", "tabCity").verified


def test_a_base_goes_with_the_last_that_built_on_it():
    found = [backup(1, days=90), backup(2, days=1, base=1), backup(3, days=0, size=5)]
    assert goes(found, keep_days=30) == []
    assert goes(found, keep_days=30, max_bytes=15) == [2, 1]


def test_a_manager_on_its_own_knows_of_no_history():
    assert ALONE.ties() == Ties()
    assert not ALONE.happened("any id")
