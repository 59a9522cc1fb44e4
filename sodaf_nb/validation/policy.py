"""A team's own view of how much a finding matters."""

from __future__ import annotations

from collections.abc import Mapping

from sodaf_nb.errors import UsageError
from sodaf_nb.validation.findings import Severity
from sodaf_nb.validation.rules import catalogue


def checked_policy(policy: Mapping[str, str]) -> dict[str, Severity]:
    """Return a policy in which every id is a rule's and every word a severity.

    Raises:
        UsageError: If one is not.
    """
    unknown = sorted(set(policy) - set(catalogue()))
    words = sorted(set(policy.values()) - set(Severity))
    if unknown or words:
        raise UsageError(
            f"The policy names {', '.join(map(repr, (*unknown, *words)))}, which is no rule or no severity.",
            hint=f"rules are {', '.join(catalogue())}; severities are {', '.join(Severity)}",
        )
    return {rule: Severity(word) for rule, word in policy.items()}
