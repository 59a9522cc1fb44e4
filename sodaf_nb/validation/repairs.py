"""Taking up the fix that a finding names."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from sodaf_nb.errors import UsageError
from sodaf_nb.options import SyncOptions
from sodaf_nb.validation.findings import Finding


def repaired(options: SyncOptions, finding: Finding, value: str | float | None = None) -> SyncOptions:
    """Return the options of a migration with the repair of one finding in them.

    Args:
        options: The options as they are.
        finding: The finding.
        value: What rows are filled with; needed for a backfill, and for nothing else.

    Raises:
        UsageError: If only a person can mend it, or a backfill has no value.
    """
    repair = finding.repair
    if repair is None:
        raise UsageError(f"{finding.rule} has no repair that the planner could make.", hint=finding.fix)
    if repair.action == "keep":
        return replace(options, removed_fields="keep")
    if repair.action == "rename":
        renames = {**options.field_renames, repair.column: str(repair.target)}
        return replace(options, field_renames=MappingProxyType(renames))
    if value is None:
        raise UsageError(f"{repair.column} needs a value to be filled with.", hint="give value=...")
    return replace(options, backfill=MappingProxyType({**options.backfill, repair.column: value}))
