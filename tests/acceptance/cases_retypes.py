"""Each interesting pair of fieldtypes, with values that convert exactly and values that do not."""

from __future__ import annotations

from typing import Any

from sodaf_nb.options import SyncOptions
from tests.acceptance.case import Case
from tests.acceptance.making import doctype, field

# (from, to, (value before, value after) that convert exactly, values that do not)
PAIRS: tuple[tuple[str, str, tuple[tuple[Any, Any], ...], tuple[Any, ...]], ...] = (
    ("Data", "Int", (("0", 0), ("-12", -12), (None, None)), ("007", "1.0", "", "x", " 7", "1e3")),
    ("Data", "Long Int", (("9223372036854775807", 2**63 - 1),), ("9223372036854775808",)),
    ("Data", "Float", (("1.5", 1.5), ("2", 2.0), ("-0.250", -0.25)), ("+1.5", "inf", "abc", ".5")),
    ("Data", "Currency", (("12.50", 12.5), ("1.0", 1), ("3", 3)), ("007", "1,5", "")),
    ("Data", "Date", (("2024-02-29", "2024-02-29"),), ("2023-02-29", "29.02.2024", "2024-2-9")),
    ("Data", "Datetime", (("2024-02-29 10:11:12", "2024-02-29 10:11:12"),), ("2024-02-29T10:11:12", "now")),
    ("Data", "Time", (("10:11:12", "10:11:12"),), ("25:00:00", "10:11")),
    ("Data", "Check", (("0", 0), ("1", 1)), ("yes", "")),
    ("Data", "Text", (("a\nb", "a\nb"), ("", "")), ()),
    ("Text", "Data", (("short", "short"),), ()),
    ("Int", "Data", ((5, "5"), (-5, "-5"), (None, None)), ()),
    ("Int", "Float", ((5, 5.0),), (9007199254740993,)),
    ("Int", "Currency", ((5, 5),), ()),
    ("Int", "Check", ((1, 1), (0, 0)), ()),
    ("Int", "Long Int", ((2**31 - 1, 2**31 - 1),), ()),
    ("Long Int", "Int", ((1, 1), (-(2**31), -(2**31))), ()),
    ("Int", "Date", ((None, None),), (20240229,)),
    ("Float", "Int", ((5.0, 5), (-2.0, -2)), (1.5, 1e30)),
    ("Float", "Data", ((0.30000000000000004, "0.30000000000000004"), (1.5, "1.5")), (float("inf"),)),
    ("Float", "Currency", ((1.5, 1.5), (2.0, 2)), ()),
    ("Currency", "Float", ((1.5, 1.5), (2, 2.0)), ()),
    ("Currency", "Data", ((1.5, "1.5"), (2, "2")), ()),
    ("Check", "Data", ((1, "1"),), ()),
    ("Date", "Datetime", (("2024-02-29", "2024-02-29 00:00:00"),), ("soon",)),
    ("Datetime", "Date", (("2024-02-29 00:00:00", "2024-02-29"),), ("2024-02-29 10:11:12",)),
    ("Date", "Data", (("2024-02-29", "2024-02-29"),), ()),
    ("Datetime", "Time", ((None, None),), ("2024-02-29 10:11:12",)),
)


def retype(source: str, target: str, exact: tuple[tuple[Any, Any], ...], lost: tuple[Any, ...]) -> Case:
    values = (*exact, *((value, None) for value in lost))
    return Case(
        id=f"{source} to {target} converts what is exact" + (" and loses the rest only with consent" if lost else ""),
        before=doctype(field("value", source)),
        after=doctype(field("value", target)),
        rows=tuple({"name": f"R{n}", "value": value} for n, (value, _after) in enumerate(values)),
        options=SyncOptions(accept={"DS08"}),
        findings=("DS08",) if lost else (),
        becomes={"value": tuple(after for _value, after in values)},
        backed_up=not same_family(source, target),
        # A Check has a default, and rows older than the column must not take it on.
        path="metadata only" if same_family(source, target) and target != "Check" else "in place",
    )


def same_family(source: str, target: str) -> bool:
    return {source, target} <= {"Data", "Text"} or {source, target} <= {"Int", "Long Int", "Check"}


CASES = (
    *(retype(*pair) for pair in PAIRS),
    Case(
        id="T17 an Int that becomes Data converts every row",
        before=doctype(field("value", "Int")),
        after=doctype(field("value")),
        rows=tuple({"value": n} for n in range(100)),
        backed_up=True,
    ),
    Case(
        id="Long Int to Int keeps whole what an Int has no room for elsewhere",
        before=doctype(field("value", "Long Int")),
        after=doctype(field("value", "Int")),
        rows=({"value": 2**40}, {"value": 2**31 - 1}),
        findings=("DS07?",),
        becomes={"value": (2**40, 2**31 - 1)},
        path="metadata only",
    ),
    Case(
        id="a storage class that nobody expects in a column survives the way there and back",
        before=doctype(field("value")),
        after=doctype(field("value", "Int"), field("blob", "Text")),
        rows=({"value": b"\x00\xff"}, {"value": "a\0b"}, {"value": "9" * 40}, {"value": "5"}),
        options=SyncOptions(accept={"DS08"}),
        findings=("DS08",),
        becomes={"value": (None, None, None, 5)},
        backed_up=True,
    ),
    Case(
        id="text that is no UTF-8 survives the way there and back",
        before=doctype(field("value"), field("other")),
        after=doctype(field("value", "Int")),
        by_hand=(
            "INSERT INTO tabThing (name, value, other) VALUES ('R1', CAST(x'ff41' AS TEXT), CAST(x'fe' AS TEXT))",
        ),
        options=SyncOptions(accept={"DS08", "DS03"}, removed_fields="drop"),
        findings=("DS03", "DS08"),
        becomes={"value": (None,)},
        backed_up=True,
    ),
)
