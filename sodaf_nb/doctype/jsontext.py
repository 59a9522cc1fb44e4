"""Untrusted JSON to frozen plain data, stricter than the standard parser.

The standard parser keeps the last of two equal keys, lets NaN pass and has no limits; a schema must not
depend on any of these. Python mappings go through the same gate as JSON text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from sodaf_nb.doctype.problems import Problems, shown, step

Json: TypeAlias = "str | int | float | bool | tuple[Json, ...] | Mapping[str, Json] | None"

MAX_BYTES = 1_000_000  # the largest real DocType (Sales Invoice) has about 60 kB
MAX_DEPTH = 50  # a DocType needs 4
_MAX_NUMBER = 10**100  # far past any column; longer ones cost quadratic time to print
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)


class _Pairs(list[tuple[object, object]]):
    """The members of a JSON object as written, doubled keys included."""


class _Constant(str):
    """NaN, Infinity or -Infinity, which JSON does not have."""

    __slots__ = ()


class _TooLargeError(Exception):
    """The budget of `_Freezer` is spent."""


def read_text(text: str, problems: Problems) -> Json:
    """Return the frozen value of a JSON text; None with problems added when it cannot be read."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        problems.add("$", f"is larger than {MAX_BYTES} bytes")
        return None
    text = text.removeprefix("\ufeff")
    try:
        parsed = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_Constant)
    except RecursionError:
        problems.add("$", f"is nested deeper than {MAX_DEPTH} levels")
    except ValueError as error:  # JSONDecodeError, or a number with too many digits
        problems.add("$", _syntax_message(text, error))
    else:
        return freeze(parsed, problems)
    return None


def _syntax_message(text: str, error: ValueError) -> str:
    # A marker cannot start a line of valid JSON, where text never holds a raw line break.
    if marker := _CONFLICT.search(text):
        line = text.count("\n", 0, marker.start()) + 1
        return f"holds merge conflict markers (line {line}); resolve the conflict first"
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON: {error.msg} at line {error.lineno} column {error.colno}"
    return "is not valid JSON: a number has too many digits"


def freeze(value: object, problems: Problems) -> Json:
    """Return a deep, read-only copy of JSON-like data; what JSON cannot hold becomes a problem."""
    try:
        return _Freezer(problems).freeze(value, "$", 1)
    except _TooLargeError:
        problems.add("$", f"is larger than {MAX_BYTES} bytes")
        return None


class _Freezer:
    """One walk over untrusted data.

    The budget counts a byte a value and a character: no less than the JSON text would take, so shared or
    self-containing Python structures end like an oversized file.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._left = MAX_BYTES

    def freeze(self, value: object, path: str, depth: int) -> Json:
        self._spend(1)
        if isinstance(value, _Constant):
            return self._refuse(path, f"{value} is not JSON")
        if isinstance(value, str):
            return self._text(value, path)
        if value is None or isinstance(value, (bool, int, float)):
            return self._number(value, path)
        if depth > MAX_DEPTH:
            return self._refuse(path, f"is nested deeper than {MAX_DEPTH} levels")
        return self._container(value, path, depth)

    def _container(self, value: object, path: str, depth: int) -> Json:
        if isinstance(value, _Pairs):
            return self._object(value, path, depth)
        if isinstance(value, Mapping):
            return self._object(_Pairs(value.items()), path, depth)
        if isinstance(value, (list, tuple)):
            return tuple(self.freeze(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value))
        return self._refuse(path, f"a Python {type(value).__name__} is not JSON")

    def _object(self, pairs: _Pairs, path: str, depth: int) -> Json:
        members: dict[str, Json] = {}
        for key, item in pairs:
            if not isinstance(key, str):
                self._refuse(path, f"a key is a Python {type(key).__name__}, not text")
                continue
            inner = step(path, key)
            if key in members:
                self._refuse(inner, "stands twice in the same object")
            members[str.__str__(self._text(key, inner))] = self.freeze(item, inner, depth + 1)
        return MappingProxyType(members)

    def _text(self, value: str, path: str) -> str:
        self._spend(len(value))
        try:
            value.encode()
        except UnicodeEncodeError:
            self._refuse(path, f"{shown(value)} holds a lone surrogate, which no encoding can store")
        return str.__str__(value)

    def _number(self, value: int | float | None, path: str) -> Json:
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(path, f"{value} is not a JSON number")
        if isinstance(value, int) and abs(value) > _MAX_NUMBER:
            return self._refuse(path, "the number has too many digits")
        return value

    def _refuse(self, path: str, message: str) -> Json:
        self._problems.add(path, message)
        return None

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _TooLargeError
