"""Runs the rules over the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sodaf_nb.errors import BlockedMigrationError
from sodaf_nb.options import Accept
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.rules import Rule, all_rules

_ORDER = (Severity.BLOCK, Severity.WARN, Severity.INFO)


class MigrationValidator:
    """Judges plans. Pure: the same evidence gives the same findings.

    Args:
        rules: The rules to run; None runs all.
    """

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        self._rules = tuple(rules) if rules is not None else all_rules()

    def validate(self, evidence: Evidence) -> tuple[Finding, ...]:
        """Return all findings, those that stop the apply first."""
        found = (finding for rule in self._rules for finding in rule(evidence))
        return tuple(sorted(found, key=lambda f: (_ORDER.index(f.severity), f.rule, f.object)))


def blocking(findings: Iterable[Finding], accept: Accept) -> tuple[Finding, ...]:
    """Return the findings that still stop an apply when those ids are accepted."""
    return tuple(f for f in findings if f.severity is Severity.BLOCK and not (f.acceptable and _taken(f, accept)))


def _taken(finding: Finding, accept: Accept) -> bool:
    return accept == "all" or finding.rule in accept


def require_accepted(doctype: str, findings: Iterable[Finding], accept: Accept) -> None:
    """Stop unless every blocking finding is accepted.

    Raises:
        BlockedMigrationError: With the findings that are not.
    """
    left = blocking(findings, accept)
    if left:
        raise BlockedMigrationError(doctype, left)
