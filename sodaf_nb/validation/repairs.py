"""Taking up the fix that a finding names."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import cast

from sodaf_nb.errors import UsageError
from sodaf_nb.options import Dedupe, SyncOptions
from sodaf_nb.validation.findings import Finding


def repaired(options: SyncOptions, finding: Finding, value: str | float | None = None) -> SyncOptions:
    """Return the options of a migration with the repair of one finding in them.

    Args:
        options: The options as they are.
        finding: The finding.
        value: What rows are filled with; needed for a backfill. With a dedupe another way than the finding names.

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
    if repair.action == "widen":
        return replace(options, widen=(*options.widen, repair.column))
    if repair.action == "dedupe":
        how = cast("Dedupe", repair.target if value is None else value)
        return replace(options, dedupe=MappingProxyType({**options.dedupe, repair.column: how}))
    if value is None:
        raise UsageError(f"{repair.column} needs a value to be filled with.", hint="give value=...")
    return replace(options, backfill=MappingProxyType({**options.backfill, repair.column: value}))
