"""Names and literals as SQL text. Names were checked before; quoting is the second defence."""

from __future__ import annotations

import math


def quote(name: str) -> str:
    """Return `name` as a quoted identifier.

    Raises:
        ValueError: If the name is empty or holds a NUL, which drivers cut silently (trap S5).
    """
    if not name or "\0" in name:
        raise ValueError(f"not a name: {name!r}")
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | None) -> str:
    """Return a typed value as an SQL literal; we render every default ourselves (traps S14-S19).

    Raises:
        ValueError: If the value is a text with a NUL or a number that is not finite.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return _number(value)
    if "\0" in value:
        raise ValueError("a text literal cannot hold a NUL")
    return "'" + value.replace("'", "''") + "'"


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")
    return repr(value)
