"""Whether the answers to a plan's questions can be meant: fields that are there, and words that are known."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import replace
from typing import get_args

from sodaf_nb.errors import UsageError
from sodaf_nb.options import Dedupe, SyncOptions


def require_answers(doctype: str, fields: Collection[str], options: SyncOptions) -> None:
    """Stop at an answer about a field that is not there, or with a word that is none.

    Args:
        doctype: The DocType.
        fields: Its columns.
        options: The answers.

    Raises:
        UsageError: If there is such an answer.
    """
    for given, what in ((options.backfill, "fill"), (options.dedupe, "make unique"), (options.widen, "widen")):
        _require_fields(doctype, fields, given, what)
    unknown = [how for how in options.dedupe.values() if how not in get_args(Dedupe)]
    if unknown:
        raise UsageError(
            f"There is no way {unknown[0]!r} to make values differ.", hint=f"choose from {', '.join(get_args(Dedupe))}"
        )


def _require_fields(doctype: str, fields: Collection[str], given: Collection[str], what: str) -> None:
    known = {field.lower() for field in fields}
    unknown = sorted(name for name in given if name.lower() not in known)
    if unknown:
        near = difflib.get_close_matches(unknown[0], fields, n=1)
        raise UsageError(
            f"{doctype} has no field {unknown[0]!r} to {what}.",
            hint=f"did you mean {near[0]}?" if near else f"fields: {', '.join(fields)}",
        )


def own_answers(options: SyncOptions, fields: Collection[str]) -> SyncOptions:
    """Return options for one of many DocTypes: the answers about fields that it has."""
    known = {field.lower() for field in fields}
    return replace(
        options,
        backfill={name: value for name, value in options.backfill.items() if name.lower() in known},
        dedupe={name: how for name, how in options.dedupe.items() if name.lower() in known},
        widen=tuple(name for name in options.widen if name.lower() in known),
    )
