"""How much a loss matters."""

from __future__ import annotations

from sodaf_nb.plan import Plan
from sodaf_nb.validation.findings import Severity


def for_loss(plan: Plan, rows: int) -> Severity:
    """Return how a loss of `rows` values weighs in a plan.

    Nothing lost is a note. A rollback was asked for by name and backs up what it takes away, so there a
    loss is a warning; in a sync it stops the apply.
    """
    if rows == 0:
        return Severity.INFO
    return Severity.WARN if plan.kind == "rollback" else Severity.BLOCK
