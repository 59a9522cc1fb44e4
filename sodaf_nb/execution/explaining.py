"""Says of each change of a job what it locks, what it endangers and how it is undone."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.database import Database
from sodaf_nb.execution.job import Job
from sodaf_nb.explanation import Explanation
from sodaf_nb.plan import AlterColumn, DedupeColumn, Operation, endangered, summary
from sodaf_nb.plan.names import endangered_now
from sodaf_nb.plan.operations import RESTORES, ROW_CHANGES
from sodaf_nb.rehearsal import Rehearsal
from sodaf_nb.tabular import counted
from sodaf_nb.validation.evidence import Aspect


def explanations(job: Job, database: Database, rehearsal: Rehearsal | None) -> tuple[Explanation, ...]:
    """Return an explanation of each of a job's changes, in their order.

    Args:
        job: The job.
        database: Where it runs; it says whom a migration keeps out.
        rehearsal: What was measured; None when nothing was rehearsed.
    """
    if not job.plan.operations:
        return ()
    locks = database.keeps_out()
    seconds = dict(enumerate(_seconds(job, rehearsal)))
    at_risk = {number for number, table, column in endangered_now(job.plan.operations) if (table, column) in job.risks}
    rows = zip(job.plan.operations, job.script.paths, job.script.reasons, strict=False)
    return tuple(
        Explanation(
            change=" ".join(summary(operation)),
            path=path,
            why=why,
            locks=locks,
            endangers=_endangers(job, number, operation),
            undo=_undo(job, operation, saved=number in at_risk),
            seconds=seconds.get(number),
        )
        for number, (operation, path, why) in enumerate(rows)
    )


def _seconds(job: Job, rehearsal: Rehearsal | None) -> Iterator[float | None]:
    """Yield for each change the measured seconds of the step that makes it."""
    measured = rehearsal.step_seconds if rehearsal and rehearsal.ran_up else ()
    scale = rehearsal.total_rows / rehearsal.rows if rehearsal and rehearsal.rows else 1.0
    for step, seconds in zip(job.script.up, measured, strict=False):
        for _operation in range(step.covers):
            yield seconds if step.path == "metadata only" else seconds * scale


def _endangers(job: Job, number: int, operation: Operation) -> str:
    names = [table if column is None else f"values of {table}.{column}" for table, column in endangered(operation)]
    if not names or (isinstance(operation, AlterColumn) and operation.only_lengthens):
        return ""
    if isinstance(operation, ROW_CHANGES):
        effect = job.evidence.facts.effect
        return f"{', '.join(names)} ({counted(effect.rows, 'row')} written)" if effect else ", ".join(names)
    aspect: Aspect = "inexact" if isinstance(operation, AlterColumn) and operation.retypes else "filled"
    rows = job.evidence.facts.count(number, aspect).rows
    what = "converted inexactly" if aspect == "inexact" else "with a value"
    if isinstance(operation, DedupeColumn):
        what = "with a value that an earlier one has"
    return f"{', '.join(names)} ({counted(rows, 'row')} {what})"


def _undo(job: Job, operation: Operation, *, saved: bool) -> str:
    if isinstance(operation, ROW_CHANGES):
        came = "; values and rows come back from the backup, later writes stay" if saved else ""
        return f"only what it wrote is taken back{came}"
    if isinstance(operation, RESTORES):
        return "the change that goes with it takes it back"
    if job.script.problem:
        return f"not exactly: {job.script.problem}"
    way = " ".join(summary(operation.reverse()))
    return f"{way}; values come back from the backup, later writes stay" if saved else way
