"""A data step in Python: a function from one row to its change, which never sees the database.

The text is compiled in a namespace of its own, so that its hash says all of what it does: no variable of a
notebook reaches into it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from sodaf_nb.errors import PatchRefusedError, UsageError

FUNCTION = "change"
_NAME = "<patch>"
_SHAPE = f"define {FUNCTION}(row), or write one expression of row; it gives a dict of what to set, None or DELETE"

# What SQLite can hold: https://www.sqlite.org/datatype3.html
_MOST = 2**63


class _Delete:
    """What a function gives for a row that is to go."""

    def __repr__(self) -> str:
        return "DELETE"


DELETE = _Delete()

Row = dict[str, Any]
Change = Callable[[Row], object]


def compiled(body: str) -> Change:
    """Return the function that a patch's text defines, or the one that its expression is.

    Raises:
        UsageError: If it is not Python, or neither of the two.
    """
    space: dict[str, Any] = {"__name__": "patch", "DELETE": DELETE}
    expression = _code(body.strip(), "eval")
    if expression is not None:
        return lambda row: eval(expression, {**space, "row": row})  # noqa: S307  the user's own code, as in a cell
    code = _code(body, "exec")
    if code is None:
        raise UsageError(f"The patch is not Python{_place(body)}.", hint=_SHAPE)
    with_words(lambda: exec(code, space))  # noqa: S102  the user's own code, as in a cell
    found = space.get(FUNCTION)
    if not callable(found):
        raise UsageError(f"The patch defines no function {FUNCTION}.", hint=_SHAPE)
    return found  # type: ignore[no-any-return]  # any callable; what it gives is looked at


def _code(body: str, mode: str) -> CodeType | None:
    try:
        return compile(body, _NAME, mode)
    except (SyntaxError, ValueError):
        return None


def _place(body: str) -> str:
    try:
        compile(body, _NAME, "exec")
    except SyntaxError as error:
        return f": {error.msg} in line {error.lineno}"
    except ValueError:
        pass
    return ""


def with_words(call: Callable[[], object]) -> object:
    """Return what the user's code gives.

    Raises:
        PatchRefusedError: If it raises; with the kind of error and its line, never with its text, which may hold
            what stood in a row.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001  whatever it is, it is the user's
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _NAME]
        place = f" in line {lines[-1]}" if lines else ""
        raise PatchRefusedError(
            f"The patch failed: {type(error).__name__}{place}. Everything was taken back.",
            hint="try the function on a row of your own first",
        ) from None


def changes(function: Change, rows: Iterator[Row], key: str, columns: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """Yield (key, values to set by column, or DELETE) of the rows that a function wants changed.

    Args:
        function: What was compiled.
        rows: The rows; each is given away, so that the function may do with it what it likes.
        key: The key's column.
        columns: Lower-case name of each column that may be set, to its name.

    Raises:
        PatchRefusedError: If it raises, or gives what cannot be stored.
    """
    for row in rows:
        name = row[key]
        wanted = with_words(lambda row=row: function(row))  # type: ignore[misc]
        if wanted is DELETE:
            yield name, DELETE
        elif isinstance(wanted, Mapping):
            yield name, {_known(column, columns): _stored(column, value) for column, value in wanted.items()}
        elif wanted is not None:
            raise _refused(f"{FUNCTION} gave a {type(wanted).__name__}")


def _known(column: object, columns: Mapping[str, str]) -> str:
    found = columns.get(str(column).lower())
    if found is None:
        raise _refused(f"{column!s} is no column that it may set; it may set {', '.join(columns.values())}")
    return found


def _stored(column: object, value: object) -> object:
    fits = not isinstance(value, int) or -_MOST <= value < _MOST
    if (value is None or isinstance(value, (str, int, float, bytes))) and fits:
        return int(value) if isinstance(value, bool) else value
    raise _refused(f"{column!s} cannot hold a {type(value).__name__} of that size or kind")


def _refused(what: str) -> PatchRefusedError:
    return PatchRefusedError(f"The patch was stopped: {what}. Everything was taken back.", hint=_SHAPE)
