"""Wanted against live: what differs, and what may be a rename."""

from sodaf_nb.diff.compare import Answers, compare
from sodaf_nb.diff.engine import SchemaComparisonEngine, reason_without_table
from sodaf_nb.diff.values import ColumnChange, ColumnRename, RenameCandidate, SchemaDiff

__all__ = [
    "Answers",
    "ColumnChange",
    "ColumnRename",
    "RenameCandidate",
    "SchemaComparisonEngine",
    "SchemaDiff",
    "compare",
    "reason_without_table",
]
