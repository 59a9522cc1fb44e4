"""Who started what: a hint for recovery, written before the work and settled after it.

The attempt row is never the truth. Whether a migration happened is decided by its history row alone,
which is written in the same transaction as the change.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sodaf_nb.database import Database, Session
from sodaf_nb.database.identity import ATTEMPTS as TABLE
from sodaf_nb.history.audit import AuditLog
from sodaf_nb.history.manager import TABLE as HISTORY
from sodaf_nb.sql.quoting import quote
from sodaf_nb.tabular import Row, Tabular

_COLUMNS = "id TEXT NOT NULL PRIMARY KEY, doctype TEXT NOT NULL, plan_id TEXT NOT NULL, timestamp TEXT NOT NULL, "
_COLUMNS += "pid INTEGER NOT NULL, host TEXT NOT NULL, state TEXT NOT NULL"


MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "done": "was committed; the database holds all of it",
        "aborted": "was not committed; the database holds none of it, apply again",
        "tampered": "was committed, and its history entry is gone: audit verify says what else was changed",
        "rollback_unavailable": "is in force, and its backup is gone or damaged: put the folder back to take it back",
    }
)
"""What each outcome of an attempt means, and the next step."""

_SETTLED = ("done", "aborted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that was not settled by its own process, or that needs a person to look at it.

    Args:
        id: The migration id it had.
        doctype: Its DocType.
        outcome: `done` when its history row is there, else `aborted`: nothing of it is in the database. Settled
            earlier, and wrong now: `tampered`, noted as done without a history row; `rollback_unavailable`, in
            force without the backup that a rollback reads.
    """

    id: str
    doctype: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recovery(Tabular):
    """What became of interrupted attempts.

    Args:
        attempts: Those that were settled now, oldest first; after them those that need a person.
    """

    attempts: tuple[Attempt, ...] = ()

    def heading(self) -> str:
        """Return the count in one line."""
        wrong = sum(a.outcome not in _SETTLED for a in self.attempts)
        return f"Recovery: {len(self.attempts) - wrong} interrupted{f', {wrong} to look at' if wrong else ''}"

    def to_rows(self) -> list[Row]:
        """Return one row an attempt, with what it means."""
        return [{"doctype": a.doctype, "outcome": a.outcome, "meaning": MEANINGS[a.outcome]} for a in self.attempts]

    def empty_text(self) -> str:
        """Say that there was nothing to settle."""
        return "No interrupted migrations."


class AttemptLog:
    """Writes attempts and settles those whose process died.

    Args:
        database: The database whose attempts they are.
        audit: Gets an entry when one starts or is settled; None keeps no audit log.
    """

    def __init__(self, database: Database, audit: AuditLog | None = None) -> None:
        self._database = database
        self._audit = audit

    def start(self, migration_id: str, doctype: str, plan_id: str, timestamp: str) -> None:
        """Note in a transaction of its own that an attempt begins."""
        with self._database.write() as session:
            if not session.has_table(TABLE):
                _name, order = session.dialect.order
                session.execute(f"CREATE TABLE {quote(TABLE)} ({_COLUMNS}{f', {order}' if order else ''})")
            session.execute(
                f"INSERT INTO {quote(TABLE)} (id, doctype, plan_id, timestamp, pid, host, state) "
                "VALUES (?, ?, ?, ?, ?, ?, 'started')",
                (migration_id, doctype, plan_id, timestamp, os.getpid(), platform.node()),
            )
            if self._audit is not None:
                self._audit.add(session, "started", doctype=doctype, subject=migration_id, details={"plan": plan_id})

    def finish(self, migration_id: str, state: str) -> None:
        """Note in a transaction of its own how an attempt ended: `done` or `aborted`."""
        with self._database.write() as session:
            session.execute(f"UPDATE {quote(TABLE)} SET state = ? WHERE id = ?", (state, migration_id))

    def interrupted(self) -> tuple[Attempt, ...]:
        """Return the attempts that nobody is working on and nobody settled; only reads."""
        with self._database.read() as session:
            found = _open(session)
        # An attempt of a migration that runs now is open as well.
        if found and self._database.is_held():
            return ()
        return tuple(found)

    def ids(self) -> frozenset[str]:
        """Return the ids of all attempts that were ever started on this database."""
        with self._database.read() as session:
            if not session.has_table(TABLE):
                return frozenset()
            return frozenset(row[0] for row in session.rows(f"SELECT id FROM {quote(TABLE)}"))

    def without_history(self) -> tuple[Attempt, ...]:
        """Return the attempts noted as done whose history row is gone: it was deleted, or the tables do not belong."""
        with self._database.read() as session:
            if not session.has_table(TABLE):
                return ()
            known = (
                {row[0] for row in session.rows(f"SELECT id FROM {quote(HISTORY)}")}
                if session.has_table(HISTORY)
                else set()
            )
            order, _definition = session.dialect.order
            rows = session.rows(f"SELECT id, doctype FROM {quote(TABLE)} WHERE state = 'done' ORDER BY {order}")
        return tuple(Attempt(id=i, doctype=d, outcome="tampered") for i, d in rows if i not in known)

    def settle(self) -> Recovery:
        """Decide every open attempt by its history row; call it only while holding the lock.

        The lock is what makes this safe: whoever started them is dead.
        """
        with self._database.read() as session:
            found = _open(session)
        for attempt in found:
            self._settle(attempt)
        return Recovery(attempts=tuple(found))

    def _settle(self, attempt: Attempt) -> None:
        with self._database.write() as session:
            session.execute(f"UPDATE {quote(TABLE)} SET state = ? WHERE id = ?", (attempt.outcome, attempt.id))
            if self._audit is not None:
                about = {"outcome": attempt.outcome}
                self._audit.add(session, "settled", doctype=attempt.doctype, subject=attempt.id, details=about)


def _open(session: Session) -> list[Attempt]:
    if not session.has_table(TABLE):
        return []
    order, _definition = session.dialect.order
    rows = session.rows(f"SELECT id, doctype FROM {quote(TABLE)} WHERE state = 'started' ORDER BY {order}")
    if not rows:  # as nearly always: a long history is not read for nothing
        return []
    applied = f"SELECT id FROM {quote(HISTORY)} WHERE status <> 'failed'"
    ids = {row[0] for row in session.rows(applied)} if session.has_table(HISTORY) else set()
    return [Attempt(id=i, doctype=d, outcome="done" if i in ids else "aborted") for i, d in rows]
