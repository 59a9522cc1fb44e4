"""Which migrations stand on top of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sodaf_nb.plan.names import concerned
from sodaf_nb.plan.plan import Plan
from sodaf_nb.schema import decode

Entry = tuple[str, str, Mapping[str, Any]]
"""(id, status, rollback_info) of a recorded migration"""


def in_the_way(migration_id: str, newest_first: Sequence[Entry]) -> tuple[str, ...]:
    """Return the summaries of newer migrations of the same table that are in force, newest first.

    A rollback cancels what it took back, and the rollback of a rollback puts it in force again.
    """
    names: set[str] = set()
    stack: list[tuple[str, str]] = []
    for entry_id, status, info in reversed(newest_first):
        plan: Plan = decode(info["plan"])
        here = concerned(plan.operations, plan.table)
        if entry_id == migration_id:
            names, stack = set(here), []
        elif plan.kind == "restore" and not plan.operations:
            continue  # rows came back; the structure is as it was
        elif names and status != "failed" and not names.isdisjoint(here):
            names |= here
            _count(stack, entry_id, f"{plan.doctype} ({len(plan.operations)} changes)", info)
    return tuple(label for _id, label in reversed(stack))


def _count(stack: list[tuple[str, str]], entry_id: str, label: str, info: Mapping[str, Any]) -> None:
    undone = next((entry for entry in stack if entry[0] == info.get("rollback_of")), None)
    if undone is not None:
        stack.remove(undone)
    else:
        stack.append((entry_id, label))
