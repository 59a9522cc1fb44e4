"""Whether the answers to a plan's questions can be meant: fields that are there, and words that are known."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import replace
from typing import get_args

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import RenameQuestionError, Step, UsageError
from sodaf_nb.options import Dedupe, SyncOptions
from sodaf_nb.validation.acceptance import accepted_ids, takes_all


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


def require_renames_answered(diff: SchemaDiff, options: SyncOptions) -> None:
    """Stop while columns would be dropped that may have been renamed.

    Raises:
        RenameQuestionError: If there are any.
    """
    dropped = {column.name for column in diff.removed_columns}
    asked = [c for c in diff.candidates if c.old in dropped]
    open_questions = [c for c in asked if not {"BC06", f"BC06:{c.old}"} & {*accepted_ids(options.accept)}]
    if open_questions and not takes_all(options.accept):
        pairs = ", ".join(f"{c.old} -> {c.new} ({', '.join(c.reasons)})" for c in open_questions)
        rename = Step("rename", (open_questions[0].old, open_questions[0].new))
        raise RenameQuestionError(
            f"{diff.doctype}: dropped and added fields may be renames: {pairs}.",
            hint=("answer with ", rename, ", or drop what was not renamed with ", Step("accept", ("BC06",))),
        )
