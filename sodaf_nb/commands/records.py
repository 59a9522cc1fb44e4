"""Which migration of the history is meant: running numbers, which people can type, and `--last`."""

from __future__ import annotations

import difflib

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.values import by_number, is_number
from sodaf_nb.errors import DocTypeNotFoundError, Step, UsageError


def migration_id(context: Context, word: str) -> str:
    """Return the id that a running number or an id stands for.

    Raises:
        UsageError: If there is no such migration.
    """
    newest_first = context.applier.history.get_migration_history()
    ids = [record.id for record in reversed(newest_first)]
    if is_number(word) or word in ids:
        return by_number("migration", word, ids)
    if word in {record.doctype for record in newest_first}:
        hint = f"write {context.program} rollback --last {word}, or its number"
        raise UsageError(f"{word!r} is a DocType, not a migration.", hint=hint)
    raise UsageError(f"There is no migration {word!r}.", hint=("numbers are in ", Step("history")))


def last_in_force(context: Context, doctype: str) -> str:
    """Return the id of the DocType's newest migration that was not taken back; its JSON need not be loaded.

    Raises:
        DocTypeNotFoundError: If no DocType of that name is in the history or loaded.
        UsageError: If it has no such migration.
    """
    require_known(context, doctype)
    # A rollback is a record too; taking that one "back" would bring the migration again.
    for record in context.applier.history.get_migration_history(doctype):
        if record.status == "applied" and not record.rollback_info.get("rollback_of"):
            return record.id
    raise UsageError(f"{doctype} has no migration to take back.", hint=("what was done is in ", Step("history")))


def require_known(context: Context, doctype: str) -> None:
    """Stop at a name that neither the history nor a loaded DocType has.

    Raises:
        DocTypeNotFoundError: With the nearest name.
    """
    names = {*context.doctypes.names(), *(record.doctype for record in context.applier.history.get_migration_history())}
    if doctype not in names:
        near = difflib.get_close_matches(doctype, sorted(names), n=1)
        raise DocTypeNotFoundError(
            f"No DocType {doctype!r} is in the history or loaded.",
            hint=f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names)) or 'none'}",
        )
