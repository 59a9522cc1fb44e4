"""Questions that only a person can answer, asked before anything is planned."""

from __future__ import annotations

from sodaf_nb.diff import SchemaDiff
from sodaf_nb.errors import RenameQuestionError, Step
from sodaf_nb.options import SyncOptions
from sodaf_nb.validation.acceptance import accepted_ids, takes_all


def require_answered(diff: SchemaDiff, options: SyncOptions) -> None:
    """Stop before columns are dropped that may have been renamed.

    Raises:
        RenameQuestionError: With the pairs and the reasons.
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
