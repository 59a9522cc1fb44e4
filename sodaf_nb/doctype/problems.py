"""Collecting what is wrong, all of it at once, without letting a hostile input flood the message."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable

from sodaf_nb.errors import InvalidDocTypeError, Problem

# A file of a hundred thousand empty entries would make a message of megabytes.
_MOST = 100
_LONGEST = 60  # characters of untrusted text that a message repeats
_NEAR = 0.7  # below, difflib finds Color near Hologram
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


class Problems:
    """A bounded list of problems."""

    def __init__(self, prefix: str = "") -> None:
        self._found: list[Problem] = []
        self._more = 0
        self._prefix = prefix

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: str, message: str) -> None:
        """Record one problem at a JSON path; past the hundredth only their number is kept."""
        if len(self._found) < _MOST:
            self._found.append(Problem(self._prefix + path, message))
        else:
            self._more += 1

    def listed(self) -> tuple[Problem, ...]:
        """Return the problems in the order found; a last entry tells how many were left off."""
        rest = (Problem(f"{self._prefix}$", f"{self._more} more problems"),) if self._more else ()
        return (*self._found, *rest)

    def error(self, doctype: str) -> InvalidDocTypeError:
        """Return the error that names all of them."""
        return InvalidDocTypeError(doctype[:_LONGEST] or "(unnamed)", self.listed())


def shown(text: str) -> str:
    """Return untrusted text as ASCII in quotes: look-alikes, bidi marks and escapes become visible."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return ascii(cut)


def step(path: str, key: str) -> str:
    """Return the JSON path of member `key` of the object at `path`."""
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{json.dumps(key[:_LONGEST])}]"


def did_you_mean(wrong: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return `did you mean 'X'?` for the nearest known names, at most `most`, or the empty string."""
    by_fold = {name.casefold(): name for name in known}
    folded = wrong[:_LONGEST].casefold()
    near = [folded] if folded in by_fold else difflib.get_close_matches(folded, by_fold, n=most, cutoff=_NEAR)
    return f"did you mean {' or '.join(repr(by_fold[name]) for name in near)}?" if near else ""
