"""What is said of a job that was not carried out."""

from __future__ import annotations

from dataclasses import replace

from sodaf_nb.execution.job import Job
from sodaf_nb.rehearsal import Rehearsal
from sodaf_nb.results import MigrationResult, Outcome


def nothing_done(job: Job, outcome: Outcome, reason: str) -> MigrationResult:
    """Return the result of a job that was not carried out."""
    return MigrationResult(
        success=True,
        migration_id=None,
        doctype=job.plan.doctype,
        outcome=outcome,
        sql=job.script.sql,
        findings=job.findings,
        metadata={"reason": reason, "plan_id": job.plan.id, "changes": tuple(job.plan.to_rows())},
    )


def rehearsed_only(job: Job, rehearsal: Rehearsal) -> MigrationResult:
    """Return the result of a job that ran on a copy only."""
    done = nothing_done(job, "not_applied", f"Dry run: nothing was changed. {rehearsal.to_text()}")
    errors = () if rehearsal.success else (rehearsal.to_text(),)
    return replace(done, success=rehearsal.success, errors=errors)


def touched_rows(job: Job) -> int:
    """Return the rows of the tables whose rows a job may write."""
    return sum(job.evidence.facts.rows.values()) if any(s.path != "metadata only" for s in job.script.up) else 0
