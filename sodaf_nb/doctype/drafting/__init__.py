"""First drafts of DocTypes from what people have: live tables, SQLAlchemy models, DataFrames."""

from __future__ import annotations

from sodaf_nb.doctype.drafting.draft import Draft
from sodaf_nb.doctype.drafting.frames import draft_frame, is_frame
from sodaf_nb.doctype.drafting.models import draft_model, model_tables
from sodaf_nb.doctype.drafting.tables import draft_table
from sodaf_nb.errors import Step, UsageError

__all__ = ["Draft", "draft_doctypes", "draft_frame", "draft_model", "draft_table"]


def draft_doctypes(source: object, name: str | None = None) -> tuple[Draft, ...]:
    """Return a draft for each table that a source describes; nothing is registered or written.

    Args:
        source: A pandas DataFrame; a SQLAlchemy Table, MetaData, or a declarative class or its base.
        name: What to call the DocType; needed for a DataFrame, None takes the names that models have.

    Raises:
        UsageError: If the source is none of these, or names do not fit.
    """
    if is_frame(source):
        if name is None:
            raise UsageError("A DataFrame has no name.", hint=("give one: ", Step("named", ("Customer",))))
        return (draft_frame(source, name),)
    tables = model_tables(source)
    if not tables:
        raise UsageError(
            f"A {type(source).__name__} describes no table.",
            hint="give a DataFrame, or a SQLAlchemy Table, MetaData or declarative class",
        )
    if name is not None and len(tables) > 1:
        raise UsageError("One name was given for several tables.", hint="leave it out, or give one table")
    return tuple(draft_model(table, name) for table in tables)
