"""Which newer migrations keep one from being taken back, by the numbers people know them by."""

from __future__ import annotations

from sodaf_nb.history.records import History, MigrationRecord
from sodaf_nb.plan.chain import in_the_way
from sodaf_nb.tabular import counted

# Each candidate costs a look at all newer migrations; nobody takes more than this back by hand.
_MOST = 100


def standing_records(history: History, migration_id: str) -> tuple[tuple[int, MigrationRecord], ...]:
    """Return (number, record) of the newer migrations of the same table that are in force, newest first."""
    return tuple(_standing(history, migration_id)[0])


def standing_on(history: History, migration_id: str) -> tuple[str, ...]:
    """Return the newer migrations of the same table that are in force, newest first.

    Args:
        history: The records of all DocTypes, the migration's own with them.
        migration_id: The one that is to be taken back.

    Returns:
        A text each, such as `#3 Customer (1 change)`; empty when nothing is in the way.
    """
    found, labels = _standing(history, migration_id)
    return tuple(_text(number, record) for number, record in found) or labels


def _standing(history: History, migration_id: str) -> tuple[list[tuple[int, MigrationRecord]], tuple[str, ...]]:
    numbered = history.numbered()
    newer = numbered[: next(place for place, (_n, r) in enumerate(numbered) if r.id == migration_id) + 1]
    entries = [(record.id, record.status, record.rollback_info) for _number, record in newer]
    labels = in_the_way(migration_id, entries)
    candidates = [(n, r) for n, r in newer[:-1] if r.status == "applied"][:_MOST] if labels else []
    # One is in the way exactly when without it fewer would be.
    found = [
        (number, record)
        for number, record in candidates
        if len(in_the_way(migration_id, [entry for entry in entries if entry[0] != record.id])) < len(labels)
    ]
    return found, labels


def _text(number: int, record: MigrationRecord) -> str:
    return f"#{number} {record.doctype} ({counted(len(record.metadata.get('summary', ())), 'change')})"
