"""Runs the rules over the evidence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sodaf_nb.errors import BlockedMigrationError, Step, UsageError
from sodaf_nb.options import Accept
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.policy import checked_policy
from sodaf_nb.validation.rules import Rule, all_rules, catalogue

_ORDER = (Severity.BLOCK, Severity.WARN, Severity.INFO)


class MigrationValidator:
    """Judges plans. Pure: the same evidence gives the same findings.

    Args:
        rules: The rules to run; None runs all.
        policy: Rule id to the severity its findings get instead of their own.

    Raises:
        UsageError: If the policy names no rule or no severity.
    """

    def __init__(
        self, rules: Sequence[Rule] | None = None, *, policy: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._rules = tuple(rules) if rules is not None else all_rules()
        self._policy = checked_policy(policy)

    def validate(self, evidence: Evidence) -> tuple[Finding, ...]:
        """Return all findings, those that stop the apply first."""
        found = (self._weighed(finding) for rule in self._rules for finding in rule(evidence))
        return tuple(sorted(found, key=lambda f: (_ORDER.index(f.severity), f.rule, f.object)))

    def _weighed(self, finding: Finding) -> Finding:
        # What the engine refuses, and what loses nothing, is not a matter of policy.
        if not finding.acceptable or finding.severity is Severity.INFO:
            return finding
        return replace(finding, severity=self._policy.get(finding.rule, finding.severity))


def blocking(findings: Iterable[Finding], accept: Accept) -> tuple[Finding, ...]:
    """Return the findings that still stop an apply when those ids are accepted."""
    return tuple(f for f in findings if f.severity is Severity.BLOCK and not (f.acceptable and _taken(f, accept)))


def _taken(finding: Finding, accept: Accept) -> bool:
    return accept == "all" or finding.rule in accept


def require_known(accept: Accept) -> None:
    """Stop at an accepted id that no rule has: whoever wrote it meant another one.

    Raises:
        UsageError: With the ids there are.
    """
    if accept == "all":
        return
    if isinstance(accept, str):
        raise UsageError(f"accept={accept!r} is one text.", hint=("a set of ids is meant: ", Step("accept", (accept,))))
    unknown = sorted(set(accept) - set(catalogue()))
    if unknown:
        near = difflib.get_close_matches(unknown[0].upper(), catalogue(), n=1, cutoff=_NEAR)
        guess = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"There is no finding with the id {', '.join(unknown)}.",
            hint=f"{guess}ids: {', '.join(catalogue())}, or all",
        )


# Ids are four characters: one of them may be wrong.
_NEAR = 0.7


def require_accepted(doctype: str, findings: Iterable[Finding], accept: Accept) -> None:
    """Stop unless every blocking finding is accepted.

    Raises:
        BlockedMigrationError: With the findings that are not.
    """
    left = blocking(findings, accept)
    if left:
        raise BlockedMigrationError(doctype, left)
