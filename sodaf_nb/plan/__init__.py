"""Schema changes as values: operations, each with its reverse, and the plan that orders them."""

from sodaf_nb.plan.changes import PlanChanges
from sodaf_nb.plan.operations import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DedupeColumn,
    DropColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
    endangered,
    table_of,
)
from sodaf_nb.plan.patches import RestoreRows, RowChange, RunPatch
from sodaf_nb.plan.plan import Plan
from sodaf_nb.plan.review import Review, Verdict
from sodaf_nb.plan.summaries import describe, summary

__all__ = [
    "AddColumn",
    "AlterColumn",
    "CreateIndex",
    "CreateTable",
    "DedupeColumn",
    "DropColumn",
    "DropIndex",
    "DropTable",
    "Operation",
    "Plan",
    "PlanChanges",
    "RenameColumn",
    "RenameTable",
    "RestoreColumn",
    "RestoreRows",
    "RestoreTable",
    "RetargetReference",
    "Review",
    "RowChange",
    "RunPatch",
    "Verdict",
    "describe",
    "endangered",
    "summary",
    "table_of",
]
