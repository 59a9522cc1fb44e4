"""Typed reads from one JSON object: what does not fit becomes a problem, and reading goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sodaf_nb.doctype.jsontext import Json
from sodaf_nb.doctype.problems import Problems, shown, step

_DIGITS = 19  # a 64-bit number has no more
_FLAGS = MappingProxyType({"": False, "0": False, "false": False, "1": True, "true": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One JSON object under read.

    Args:
        data: Its members.
        path: Its JSON path.
        problems: Where problems go.
    """

    data: Mapping[str, Json]
    path: str
    problems: Problems

    def wrong(self, key: str, message: str) -> None:
        """Record a problem of one member."""
        self.problems.add(step(self.path, key), message)

    def text(self, key: str) -> str | None:
        """Return a text; None when it is absent, null or, as a problem, something else."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong(key, "must be text")
        return None

    def flag(self, *keys: str) -> bool:
        """Return True when any of the spellings is set; 0, 1, booleans and their texts are read."""
        read = [self._flag(key) for key in keys]  # not any() of a generator: every spelling is checked
        return any(read)

    def _flag(self, key: str) -> bool:
        value = self.data.get(key)
        known = _FLAGS.get("" if value is None else str(value).strip().lower())
        if known is None:
            self.wrong(key, "must be 0 or 1")
        return bool(known)

    def whole(self, key: str, *, most: int) -> int | None:
        """Return a number from 0 to `most`; None when it is absent, empty or, as a problem, something else."""
        value = self.data.get(key)
        if value is None or value == "":
            return None
        number = _whole(value)
        if number is None:
            self.wrong(key, f"{_as_read(value)} is not a whole number")
            return None
        if not 0 <= number <= most:
            self.wrong(key, f"must be from 0 to {most}")
            return None
        return number

    def scalar(self, key: str) -> str | int | float | None:
        """Return a text, number or truth value; None when it is absent, null or, as a problem, a container."""
        value = self.data.get(key)
        if value is None or isinstance(value, (str, int, float)):
            return value
        self.wrong(key, "must be text or a number")
        return None

    def entries(self, key: str) -> tuple[Json, ...]:
        """Return the items of a list; empty when it is absent, null or, as a problem, something else."""
        value = self.data.get(key)
        if isinstance(value, tuple):
            return value
        if value is not None:
            self.wrong(key, "must be a list")
        return ()

    def rest(self, *known: str) -> Mapping[str, Json]:
        """Return the members that are not `known`, in order."""
        return MappingProxyType({key: value for key, value in self.data.items() if key not in known})


def _whole(value: Json) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= _DIGITS:
        return int(value)
    return None


def _as_read(value: Json) -> str:
    return shown(value) if isinstance(value, str) else "this"
