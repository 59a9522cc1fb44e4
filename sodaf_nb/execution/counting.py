"""How many rows a job's tables have, counted where nobody needed to know before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sodaf_nb.database import Database, Session
from sodaf_nb.execution.job import Job
from sodaf_nb.plan.pairs import touched_tables
from sodaf_nb.sql.quoting import quote


def counted(job: Job, database: Database) -> Job:
    """Return the job with its tables' rows counted, where an apply needs no count."""
    there = [table.name for name in touched_tables(job.plan) if (table := job.live.table(name))]
    if job.evidence.facts.rows or not there:
        return job
    with database.read() as session:
        return job.with_facts(replace(job.evidence.facts, rows=row_counts(session, there)))


def row_counts(session: Session, tables: Iterable[str]) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {name: int(session.value(f"SELECT COUNT(*) FROM {quote(name)}")) for name in tables}
