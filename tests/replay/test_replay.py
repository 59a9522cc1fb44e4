"""Every history of the corpus, step by step on rows, then all the way back.

What is right is decided by raw readings of the file (`snapshot`) and by our own `oracle`; the product
only does the work. Histories alternate between keeping and dropping the columns of removed fields.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import BlockedMigrationError, InvalidDocTypeError, RenameQuestionError
from sodaf_nb.options import ApplyOptions, RollbackOptions, SyncOptions
from sodaf_nb.results import MigrationResult
from tests.replay import corpus, rows, snapshot
from tests.replay.corpus import History, Version
from tests.replay.judge import Losses, Step, empty_columns, judge, losses
from tests.replay.oracle import has_table

HISTORIES = corpus.histories()

# Versions that are no valid DocType: a field without a type, then the same name twice; and a field `idx` of
# another type than the standard column.
REFUSED = {
    "helpdesk-HD Service Level Agreement": (7, 8),
    "helpdesk-HD Article": (8, 9, 10, 11),
}


def test_the_corpus_is_complete() -> None:
    """258 histories with 1179 versions are replayed, or the reason is stated; in CI their absence is a failure."""
    if not HISTORIES and not os.environ.get("CI"):
        pytest.skip(f"no corpus at {corpus.folder()}; set SODAF_CORPUS to its folder")
    assert (len(HISTORIES), sum(len(h.versions) for h in HISTORIES)) == (258, 1179)


# 72 steps on a busy machine take longer than the limit for one test.
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("history", HISTORIES, ids=lambda h: h.id)
def test_a_history_goes_forwards_and_back_without_losing_a_value(
    history: History, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Each step ends as the oracle says, each rollback at the step's own start."""
    with closing(Replay(history, tmp_path)) as replay:
        for version in history.versions:
            replay.forward(version)
        replay.all_the_way_back()
    record_property("replay", dict(replay.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An applied step.

    Args:
        migration_id: Its migration.
        start: The file before it.
        end: The file after it, with the new columns filled.
        written: What taking it back throws away of what was filled in: (rule, column) to the number of values.
    """

    migration_id: str
    start: snapshot.State
    end: snapshot.State
    written: Losses


class Replay:
    """One history on one database file.

    Args:
        history: The history.
        folder: An empty folder for the file and the backups.
    """

    def __init__(self, history: History, folder: Path) -> None:
        self.counts: Counter[str] = Counter(histories=1)
        self._history = history
        self._path = folder / "replay.db"
        self._database = Database(f"sqlite:///{self._path}")
        self._options = ApplyOptions(backup_dir=folder / "backups")
        # Python's own hash differs from run to run.
        self._drop = crc32(history.id.encode()) % 2 == 1
        self._last: Version | None = None
        self._carried: dict[str, str] = {}
        self._done: list[Done] = []
        self._state = snapshot.take(self._path)

    def close(self) -> None:
        """Close the database file."""
        self._database.close()

    def forward(self, version: Version) -> None:
        """Bring the DocType to a version; one that is no valid DocType is refused and passed over."""
        self.counts["steps"] += version.seq > 0
        self._carried |= version.field_renames
        refused = self._is_refused(version)
        assert refused == (version.seq in REFUSED.get(self._history.id, ()))
        if refused:
            return
        last, renames = self._last, self._carried
        step = Step(doc=version.doc, last=last.doc if last else None, renames=renames, drop=self._drop)
        self._apply(self._applier(version), step)
        self._last, self._carried = version, {}

    def _is_refused(self, version: Version) -> bool:
        try:
            DocTypeEngine().register(version.doc)
        except InvalidDocTypeError as error:
            self.counts[f"refused: {error.code}"] += 1
            return True
        return False

    def _applier(self, version: Version) -> MigrationApplier:
        doctypes = DocTypeEngine()
        doctypes.register(version.doc)
        return MigrationApplier(self._database, doctypes, self._options)

    def _apply(self, applier: MigrationApplier, step: Step) -> None:
        result = self._sync(applier, step)
        after = snapshot.take(self._path)
        if result.outcome == "nothing_to_do":
            assert snapshot.differences(self._state, after) == []
        else:
            assert (result.outcome, result.success) == ("applied", True)
            assert judge(step, self._state, after) == []
            known = self._fill(step, after)
            self._remember(result, step, known, after)
        self.counts[result.outcome] += 1
        assert not applier.diff(str(step.doc["name"]), self._answers(step)).has_changes
        if has_table(step.doc):
            assert empty_columns(self._state.tables[step.table]) == []

    def _sync(self, applier: MigrationApplier, step: Step) -> MigrationResult:
        """Apply; what stops the step must be what the oracle foresees, is taken on by its id, and tried again."""
        expected, accept = losses(step, self._state), frozenset[str]()
        while True:
            try:
                result = applier.sync_doctype(str(step.doc["name"]), self._answers(step, accept))
            except (BlockedMigrationError, RenameQuestionError) as stop:
                self._require_unchanged()
                asked = self._taken_on(step, stop, expected)
                assert not asked <= accept, "stopped again by what was accepted"
                accept |= asked
            else:
                assert {rule for rule, _ in expected} <= accept, f"applied without a word, but would lose {expected}"
                self.counts.update(f"accepted after a finding: {rule}" for rule in accept)
                return result

    def _taken_on(
        self, step: Step, stop: BlockedMigrationError | RenameQuestionError, expected: Losses
    ) -> frozenset[str]:
        if isinstance(stop, RenameQuestionError):
            assert step.drop, "nothing is dropped, so there is nothing to ask"
            return frozenset({"BC06"})
        said = {(f.rule, f.object.rpartition(".")[2]): f.count for f in stop.findings}
        assert said == expected
        assert all(f.acceptable for f in stop.findings)
        return frozenset(rule for rule, _ in said)

    def _answers(self, step: Step, accept: frozenset[str] = frozenset()) -> SyncOptions:
        renamed = step.last is not None and step.last["name"] != step.doc["name"]
        return SyncOptions(
            accept=accept,
            field_renames=step.renames,
            renamed_from=str(step.last["name"]) if renamed and step.last else None,
            removed_fields="drop" if step.drop else "keep",
        )

    def _require_unchanged(self) -> None:
        assert snapshot.differences(self._state, snapshot.take(self._path)) == []

    def _fill(self, step: Step, after: snapshot.State) -> set[str]:
        """Fill what the step added, so that later steps find content in every column; return what was there."""
        old = step.table_before(self._state)
        known = {step.now(column) for column in old.names()} if old else set()
        rows.fill(self._path, after.tables[step.table], known, step.doc)
        return known

    def _remember(self, result: MigrationResult, step: Step, known: set[str], after: snapshot.State) -> None:
        start, self._state = self._state, snapshot.take(self._path)
        assert result.migration_id is not None
        new = rows.written(after.tables[step.table], self._state.tables[step.table], known)
        written: Losses = {("DS03", name): count for name, count in new.items()} if start.tables else {}
        self._done.append(Done(migration_id=result.migration_id, start=start, end=self._state, written=written))

    def all_the_way_back(self) -> None:
        """Take every step back, the newest first; each must end where the step began."""
        assert self._last is not None
        applier = self._applier(self._last)
        for done in reversed(self._done):
            assert snapshot.differences(done.end, snapshot.take(self._path)) == []
            self._roll_back(applier, done)
            assert snapshot.differences(done.start, snapshot.take(self._path)) == []
            self.counts["rolled back"] += 1

    def _roll_back(self, applier: MigrationApplier, done: Done) -> None:
        """Take a step back; what it throws away of what was written since has to be taken on by its id."""
        accept: set[str] = set()
        lost = dict(done.written) if done.start.tables else {("DS02", ""): rows.ROWS}
        if lost:
            with pytest.raises(BlockedMigrationError) as stop:
                applier.rollback_migration(done.migration_id)
            said = {(f.rule, f.object.partition(".")[2]): f.count for f in stop.value.findings}
            assert said == lost
            assert snapshot.differences(done.end, snapshot.take(self._path)) == []
            accept = {rule for rule, _ in lost}
        result = applier.rollback_migration(done.migration_id, RollbackOptions(accept=accept))
        assert (result.outcome, result.success) == ("applied", True)


def test_every_way_of_keeping_is_replayed() -> None:
    """Both policies for removed fields get a fair share of the histories."""
    dropping = sum(crc32(h.id.encode()) % 2 for h in HISTORIES)
    assert not HISTORIES or 0.4 < dropping / len(HISTORIES) < 0.6
