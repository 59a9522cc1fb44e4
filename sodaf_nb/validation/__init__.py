"""Judging a plan before anything is written: rules, evidence, findings."""

from sodaf_nb.validation.evidence import Count, Evidence, Facts
from sodaf_nb.validation.findings import Finding, Group, Severity
from sodaf_nb.validation.validator import MigrationValidator, blocking, require_accepted

__all__ = [
    "Count",
    "Evidence",
    "Facts",
    "Finding",
    "Group",
    "MigrationValidator",
    "Severity",
    "blocking",
    "require_accepted",
]
