"""Runs the rules over the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.policy import checked_policy
from sodaf_nb.validation.rules import Rule, all_rules

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
