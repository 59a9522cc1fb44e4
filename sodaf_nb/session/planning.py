"""Reads what a plan and the answers to it are about, from the live database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.errors import PYTHON, RenameQuestionError, Words
from sodaf_nb.options import SyncOptions
from sodaf_nb.plan.summaries import describe
from sodaf_nb.results import DryRunResult
from sodaf_nb.session.values import Snapshot, State, Target, Undoable
from sodaf_nb.tabular import Row

if TYPE_CHECKING:
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.diff import SchemaDiff
    from sodaf_nb.schema import Column, Table

# Lines of the history that are shown beside a plan.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes plans for one DocType and says what there is to answer.

    Args:
        applier: What migrates the database.
        doctype: The DocType.
        words: How next steps are written where the plan is shown.
    """

    applier: MigrationApplier
    doctype: str
    words: Words = field(default_factory=lambda: PYTHON)

    def target(self, connection: str) -> Target:
        """Return what would be changed."""
        database = self.applier.database
        return Target(
            connection=connection or self.applier.access.name,
            name=database.name,
            path=database.shown,
            engine=database.dialect.version,
            environment=self.applier.options.environment,
            protected=self.applier.access.profile.protected,
        )

    def yes_on(self, snapshot: Snapshot) -> str | None:
        """Return the name that the applier asks for; None where it asks for none, and the person typed nothing."""
        return self.applier.access.name if snapshot.target.asks_name else None

    def planned(self, answers: SyncOptions) -> dict[str, Any]:
        """Return the fields of a snapshot that a new plan changes.

        Raises:
            SodafError: As `MigrationApplier.dry_run` raises; an open question about a rename is no error.
        """
        diff = self.applier.diff(self.doctype, answers)
        facts = self.standing() | {"diff": diff, "candidates": diff.candidates, "removed": _removed(diff)}
        try:
            found = self.applier.dry_run(self.doctype, answers).in_words(self.words)
        except RenameQuestionError:
            return facts | {"state": State.QUESTION, "dry_run": None, "structure": self._structure(diff)}
        return facts | _asked(found, answers) | {"dry_run": found, "structure": self._structure(diff)}

    def standing(self) -> dict[str, Any]:
        """Return the fields of a snapshot about what was done before."""
        history = self.applier.history.get_migration_history()
        own = [(n, r) for n, r in history.numbered() if r.doctype == self.doctype]
        last = ((n, r) for n, r in own if r.status == "applied" and not r.rollback_info.get("rollback_of"))
        number, record = next(last, (0, None))
        rows = [row for row in history.to_rows() if row["doctype"] == self.doctype]
        return {
            "history": tuple(rows[:_SHOWN]),
            "interrupted": len(self.applier.interrupted()),
            "undoable": Undoable(id=record.id, number=number) if record else None,
        }

    def backup_facts(self) -> dict[str, Any]:
        """Return where backups go and what room there is, in bytes."""
        options, file = self.applier.options, self.applier.database.file
        folder = Path(options.backup_dir)
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        return {
            "folder": str(folder),
            "free": shutil.disk_usage(there).free,
            "size": file.stat().st_size if file and file.exists() else 0,
            "recipients": len(options.recipients),
        }

    def _structure(self, diff: SchemaDiff) -> tuple[Row, ...]:
        live = self.applier.database.reflect().table(diff.renamed_from or diff.table)
        wanted = self.applier.doctypes.wanted_table(self.doctype)
        return tuple(_sides(diff, live, wanted)) if wanted else ()


def _removed(diff: SchemaDiff) -> tuple[str, ...]:
    return tuple(column.name for column in (*diff.removed_columns, *diff.orphan_columns))


def _asked(found: DryRunResult, answers: SyncOptions) -> dict[str, tuple[str, ...]]:
    """Return the fields that there is something to answer about: those answered, then those findings ask about."""
    given = {"backfill": answers.backfill, "dedupe": answers.dedupe, "widen": answers.widen}
    repairs = [finding.repair for finding in found.findings if finding.repair]
    fields = {
        action: tuple(dict.fromkeys((*names, *(r.column for r in repairs if r.action == action))))
        for action, names in given.items()
    }
    return {"fillable": fields["backfill"], "shared": fields["dedupe"], "narrowed": fields["widen"]}


def _sides(diff: SchemaDiff, live: Table | None, wanted: Table) -> Iterator[Row]:
    """Yield each column as it is now and as it would be, in the order of the DocType, then those that have no field."""
    former = {r.new.lower(): r.old for r in diff.renamed_columns}
    kept = {c.name.lower() for c in diff.orphan_columns}
    seen = set[str]()
    for column in wanted.columns:
        old = former.get(column.name.lower(), column.name)
        before = live.column(old) if live else None
        seen.add(old.lower())
        yield _side(_shape(before), _shape(column))
    for column in live.columns if live else ():
        if column.name.lower() not in seen and not column.hidden:
            now = _shape(column)
            yield _side(now, now if column.name.lower() in kept else "")


def _side(now: str, wanted: str) -> Row:
    sign = "=" if now == wanted else "+" if not now else "-" if not wanted else "~"
    return {"": sign, "now": now, "wanted": wanted}


def _shape(column: Column | None) -> str:
    return "" if column is None else f"{column.name} {describe(column)}"


def applied_options(snapshot: Snapshot, accept: Any, yes_on: str | None) -> SyncOptions:
    """Return the options that carry out the plan of a snapshot, and no other."""
    plan_id = snapshot.dry_run.plan.id if snapshot.dry_run else None
    return replace(snapshot.answers, accept=accept, plan_id=plan_id, yes_on=yes_on)
