"""How much a loss matters."""

from __future__ import annotations

from sodaf_nb.validation.findings import Severity


def for_loss(rows: int) -> Severity:
    """Return how a loss of `rows` values weighs: nothing lost is a note, anything else stops a sync or a rollback.

    That a backup is taken first does not make it less: what was lost is missed later, by somebody else.
    """
    return Severity.BLOCK if rows else Severity.INFO
