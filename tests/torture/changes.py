"""The changes: one of each kind, and two or more together, which forces a rebuild."""

from __future__ import annotations

import re
from typing import Any

from tests.torture.model import Change, Col, Edit


def exact_integer(value: Any) -> Any:
    """Return what a value of a text column becomes in an integer column: itself as a number, or NULL."""
    exact = isinstance(value, str) and re.fullmatch(r"0|-?[1-9][0-9]*", value) and -(2**63) <= int(value) < 2**63
    return int(value) if exact else None


ADDED = Edit(old=None, new=Col(name="extra"))
FILLED = Edit(old=None, new=Col(name="filled", required=True), value=lambda _none: "none yet", backfill="none yet")
DROPPED = Edit(old="gone", new=None)
RENAMED = Edit(old="city", new=Col(name="town"))
RETYPED = Edit(old="qty", new=Col(name="qty", type="INTEGER"), value=exact_integer)
DEFAULTED = Edit(old="state", new=Col(name="state", default="New"))
REQUIRED = Edit(
    old="maybe",
    new=Col(name="maybe", required=True),
    value=lambda value: "none yet" if value is None else value,
    backfill="none yet",
)
RELAXED = Edit(old="must", new=Col(name="must"))

ADD = Change(id="add", edits=(ADDED,), traps="A14 R25 R29")
FILL = Change(id="add required", edits=(FILLED,), traps="A14 R25 R20")
DROP = Change(id="drop", edits=(DROPPED,), traps="A15 R26")
RENAME = Change(id="rename", edits=(RENAMED,), traps="A18 R27")
RETYPE = Change(id="retype", edits=(RETYPED,), traps="A12 R15 R19")
DEFAULT = Change(id="default", edits=(DEFAULTED,))
REQUIRE = Change(id="require", edits=(REQUIRED,), traps="R20")
RELAX = Change(id="relax", edits=(RELAXED,), traps="A21")
RENAME_TABLE = Change(id="rename table", table="tabOther Thing", traps="A6 R5")
TOGETHER = Change(
    id="together", edits=(RETYPED, RENAMED, DEFAULTED, REQUIRED, RELAXED, FILLED, ADDED), traps="A1 A18 R29"
)
EVERYTHING = Change(id="everything", edits=(*TOGETHER.edits, DROPPED), table="tabOther Thing", traps="A1 A18 R5 R29")

SINGLE = (ADD, FILL, DROP, RENAME, RETYPE, DEFAULT, REQUIRE, RELAX, RENAME_TABLE)
CHANGES = (*SINGLE, TOGETHER, EVERYTHING)
INVOLVING = tuple(change for change in SINGLE if change.column)
"""Changes of a column that is there, so that a feature can be about that very column."""
