"""Judging a plan before anything is written: rules, evidence, findings."""

from sodaf_nb.validation.about import About
from sodaf_nb.validation.acceptance import blocking, require_accepted, require_known
from sodaf_nb.validation.evidence import Count, Evidence, Facts
from sodaf_nb.validation.findings import Finding, Findings, Group, Repair, Severity
from sodaf_nb.validation.repairs import repaired
from sodaf_nb.validation.rules import catalogue
from sodaf_nb.validation.validator import MigrationValidator

__all__ = [
    "About",
    "Count",
    "Evidence",
    "Facts",
    "Finding",
    "Findings",
    "Group",
    "MigrationValidator",
    "Repair",
    "Severity",
    "blocking",
    "catalogue",
    "repaired",
    "require_accepted",
    "require_known",
]
