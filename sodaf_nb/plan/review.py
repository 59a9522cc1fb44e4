"""What a plan was shown with when it was made: its SQL, what was found, and where the history stood."""

from __future__ import annotations

from dataclasses import dataclass

from sodaf_nb.schema import SchemaObject, storable


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One finding, as far as a later look at the same plan is compared with it.

    Args:
        rule: Its id.
        severity: `info`, `warn` or `block`.
        object: What it is about.
        message: What is the case, in one sentence.
        count: Rows concerned; None when rows were not counted.
    """

    rule: str
    severity: str
    object: str
    message: str
    count: int | None = None


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a reviewer of a plan sees beside its operations; no part of the plan's id.

    Args:
        head: Id of the newest migration of the DocType that was recorded then; None when there was none.
        ground: The catalog entries that its `made_for` is the hash of, so that a refusal can say what moved.
        sql: The statements it runs.
        rollback_sql: The statements that take its structure back.
        paths: How each operation is made.
        reasons: Why each takes its path.
        verdicts: What the rules said.
        kept: Objects and columns that no DocType mentions and that stay.
    """

    head: str | None = None
    ground: tuple[SchemaObject, ...] = ()
    sql: tuple[str, ...] = ()
    rollback_sql: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    kept: tuple[str, ...] = ()
