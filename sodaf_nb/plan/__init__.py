"""Schema changes as values: operations, each with its reverse, and the plan that orders them."""

from sodaf_nb.plan.operations import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
    describe,
    endangered,
    summary,
    table_of,
)
from sodaf_nb.plan.plan import Plan

__all__ = [
    "AddColumn",
    "AlterColumn",
    "CreateIndex",
    "CreateTable",
    "DropColumn",
    "DropIndex",
    "DropTable",
    "Operation",
    "Plan",
    "RenameColumn",
    "RenameTable",
    "RestoreColumn",
    "RestoreTable",
    "RetargetReference",
    "describe",
    "endangered",
    "summary",
    "table_of",
]
