"""What the history keeps of a job."""

from __future__ import annotations

import getpass
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from sodaf_nb.execution.job import Job
from sodaf_nb.history import MigrationRecord
from sodaf_nb.options import ApplyOptions
from sodaf_nb.plan import RunPatch
from sodaf_nb.schema import encode
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.validation.acceptance import is_taken, reason_for, takes_all
from sodaf_nb.validation.findings import Finding, Severity


def success(job: Job, **facts: Any) -> MigrationRecord:
    """Return the record of a migration that is about to commit."""
    return _record(job, status="applied", error=None, **facts)


def failure(job: Job, error: str, **facts: Any) -> MigrationRecord:
    """Return the record of a migration that changed nothing."""
    return _record(job, status="failed", error=error, backup=None, after=None, affected_rows=0, **facts)


def _record(job: Job, *, environment: str, backup: Any, after: str | None, **facts: Any) -> MigrationRecord:
    return MigrationRecord(
        doctype=job.plan.doctype,
        version=0,  # numbered when it is written
        sql=job.script.sql,
        rollback_sql=job.script.rollback_sql,
        backup_path=str(backup.path) if backup else None,
        rollback_info=_rollback_info(job, backup),
        fingerprint_before=job.plan.made_for,
        fingerprint_after=after,
        plan_id=job.plan.id,
        environment=environment_facts(environment, job.dialect),
        metadata=_metadata(job, str(facts["applied_by"])),
        dialect=engine_name(job.dialect),
        backup_id=backup.id if backup else None,
        backup_sha256=backup.manifest_sha256 if backup else None,
        **facts,
    )


def environment_facts(name: str, dialect: Dialect) -> dict[str, str]:
    """Return where a migration ran: what the database is for, and the versions that took part."""
    return {
        "name": name,
        "python": platform.python_version(),
        "engine": dialect.version,
        "sodaf_nb": version("sodaf_nb"),
    }


def engine_name(dialect: Dialect) -> str:
    """Return the engine's name without its version."""
    return dialect.version.partition(" ")[0].lower()


def user(options: ApplyOptions) -> str:
    """Return who is named in the history."""
    return options.applied_by or getpass.getuser()


def _rollback_info(job: Job, backup: Any) -> dict[str, Any]:
    info: dict[str, Any] = {"plan": encode(job.plan)}
    if job.plan.undoes:
        info["rollback_of"] = job.plan.undoes
    if backup:
        info |= {"backup_id": backup.id, "risks": [list(risk) for risk in job.risks]}
        # Of the table the backup gives back, which has fewer columns than the live one when only some were saved.
        info["backup_sql"] = [backup.create_sql]
    return info


def _metadata(job: Job, person: str) -> dict[str, Any]:
    accepted = "all" if takes_all(job.accept) else sorted(job.accept)
    patches = {o.name: o.digest for o in job.plan.operations if isinstance(o, RunPatch)}
    return ({"patch": patches} if patches else {}) | {
        "summary": list(job.changes),
        "accepted": accepted,
        "findings": [_finding(finding, job, person) for finding in job.findings],
        "columns": list(job.managed),
        "fields": {name: asdict(trait) for name, trait in job.fields.items()},
        "script": job.script.digest,
    }


def _finding(finding: Finding, job: Job, person: str) -> dict[str, Any]:
    found = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "object": finding.object,
        "count": finding.count,
    }
    if finding.severity is not Severity.BLOCK or not is_taken(finding, job.accept):
        return found
    return {**found, "accepted": {"by": person, "reason": reason_for(finding, job.accept)}}
