"""What a plan is reviewed with, and whether it may still be carried out as it was approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sodaf_nb.errors import StalePlanError, Step
from sodaf_nb.execution.job import Job
from sodaf_nb.history import MigrationHistoryManager
from sodaf_nb.plan import Plan, RenameTable, Review, Verdict
from sodaf_nb.plan.changes import worse
from sodaf_nb.plan.names import concerned
from sodaf_nb.schema import Schema, SchemaObject
from sodaf_nb.schema.closure import closure
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.validation.findings import Finding
from sodaf_nb.validation.freshness import Reviewed, reviewed


def review_of(job: Job, head: str | None) -> Review:
    """Return what a reviewer of a job's plan sees beside its operations."""
    return Review(
        head=head,
        ground=_ground(job.plan, job.live),
        sql=job.script.sql,
        rollback_sql=job.script.rollback_sql,
        paths=job.script.paths,
        reasons=job.script.reasons,
        verdicts=_verdicts(job.findings),
        kept=job.kept,
    )


def head_of(history: MigrationHistoryManager, plan: Plan) -> str | None:
    """Return the id of the newest migration of a plan's DocType that took place, under its former name too."""
    names = {plan.doctype, *(o.old.removeprefix("tab") for o in plan.operations if isinstance(o, RenameTable))}
    records = history.get_migration_history()
    return next((r.id for r in records if r.doctype in names and r.status != "failed"), None)


def require_approved(plan: Plan, job: Job, head: str | None) -> None:
    """Stop at a plan whose ground moved since it was approved, though the schema did not.

    A plan that carries no review was made by hand, and only the schema binds it.

    Raises:
        StalePlanError: With what moved: the history, the rows, or the statements this version makes of it.
    """
    moved = tuple(_moved(plan.review, job, head)) if plan.review else ()
    if moved:
        raise StalePlanError(
            f"The plan for {plan.doctype} is no longer what was approved",
            details=moved,
            hint=("review it again with ", Step("plan", (plan.doctype,))),
        )


def _moved(review: Review, job: Job, head: str | None) -> Iterator[str]:
    if review.head != head:
        yield "other migrations were recorded since"
    if review.sql != job.script.sql:
        yield "this version makes other statements of it"
    yield from worse(review.verdicts, _verdicts(job.findings))


def remembered(plan: Plan, dialect: Dialect) -> Reviewed | None:
    """Return the ground that a plan's review names, to be compared with; None when it names none."""
    ground = plan.review.ground if plan.review else ()
    if not ground:
        return None
    copy = dialect.copy(Schema(objects=tuple(o for o in ground if o.kind == "table")), backup=())
    try:
        return reviewed(plan, Schema(tables=copy.schema().tables, objects=ground))
    finally:
        copy.close()


def _ground(plan: Plan, live: Schema) -> tuple[SchemaObject, ...]:
    return tuple(sorted(closure(live, concerned(plan.operations, plan.table)), key=lambda o: (o.kind, o.name)))


def _verdicts(findings: Iterable[Finding]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(rule=f.rule, severity=str(f.severity), object=f.object, message=f.message, count=f.count)
        for f in findings
    )
