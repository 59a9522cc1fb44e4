"""Which migration of the history is meant: running numbers, which people can type, and `--last`."""

from __future__ import annotations

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.values import by_number
from sodaf_nb.errors import UsageError


def migration_id(context: Context, word: str) -> str:
    """Return the id that a running number or an id stands for.

    Raises:
        UsageError: If there is no such number.
    """
    newest_first = context.applier.history.get_migration_history()
    return by_number("migration", word, [record.id for record in reversed(newest_first)])


def last_in_force(context: Context, doctype: str) -> str:
    """Return the id of the DocType's newest migration that was not taken back.

    Raises:
        DocTypeNotFoundError: If no DocType of that name is loaded.
        UsageError: If it has no such migration.
    """
    records = context.applier.history.get_migration_history(context.doctypes.get(doctype).name)
    # A rollback is a record too; taking that one "back" would bring the migration again.
    for record in records:
        if record.status == "applied" and not record.rollback_info.get("rollback_of"):
            return record.id
    raise UsageError(f"{doctype} has no migration to take back.", hint="history lists what was done")
