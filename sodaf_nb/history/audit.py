"""The audit log: who did what, in a table whose entries hang together, and a note of its end beside the backups."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sodaf_nb.database import Database, Session
from sodaf_nb.history.chain import START, Entry, Head, chain_problems, row_digest, row_problems
from sodaf_nb.history.records import MigrationRecord, kind_of
from sodaf_nb.schema import canonical
from sodaf_nb.sql.quoting import quote
from sodaf_nb.tabular import Row, Tabular, counted

TABLE = "tabMigrationAudit"
KEY_VARIABLE = "SODAF_NB_AUDIT_KEY"
"""Environment variable that holds the audit key."""

_FIELDS = tuple(Entry.__dataclass_fields__)
_COLUMNS = ", ".join(
    f"{quote(name)} {'INTEGER NOT NULL PRIMARY KEY' if name == 'number' else 'TEXT NOT NULL'}" for name in _FIELDS
)
_EVENTS = {"sync": "applied", "rollback": "rolled back", "restore": "restored", "patch": "patched"}


def audit_key() -> bytes | None:
    """Return the audit key of this process; None when it has none."""
    found = os.environ.get(KEY_VARIABLE)
    return found.encode() if found else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuditReport(Tabular):
    """What became of the audit log.

    Args:
        entries: All entries, oldest first.
        problems: What is wrong, a sentence each; empty when all hangs together.
        head: The end of the log as it was noted beside the backups; None when nothing was.
        seals_checked: True when the audit key was at hand.
    """

    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    head: Head | None = None
    seals_checked: bool = False

    @property
    def success(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def heading(self) -> str:
        """Return the verdict in one line."""
        verdict = "all hangs together" if self.success else counted(len(self.problems), "problem")
        return f"Audit log: {counted(len(self.entries), 'entry', 'entries')}, {verdict}"

    def to_rows(self) -> list[Row]:
        """Return one row an entry, without what differs from run to run."""
        return [{"#": e.number, "event": e.event, "doctype": e.doctype} for e in self.entries]

    def frame_rows(self) -> list[Row]:
        """Return one row an entry, with all it holds."""
        return [{name: getattr(entry, name) for name in _FIELDS} for entry in self.entries]

    def empty_text(self) -> str:
        """Say that nothing was done yet."""
        return "Nothing was done yet."

    def notes(self) -> list[str]:
        """Return the problems, and what was not checked."""
        unsealed = any(entry.seal for entry in self.entries) and not self.seals_checked
        told = [f"Entries are sealed; with {KEY_VARIABLE} set the seals are checked too."] if unsealed else []
        noted = (
            [] if self.head else ["No end of the log is noted beside the backups, so a missing tail would not be seen."]
        )
        return [*(f"ERROR {problem}" for problem in self.problems), *told, *(noted if self.entries else [])]


class AuditLog:
    """Writes entries inside the transactions they are about, and checks them.

    Args:
        database: The database whose log it is.
        directory: Folder of the backups, where the end of the log is noted.
        actor: Who is named.
        clock: Gives the time in UTC.
    """

    def __init__(self, database: Database, directory: str | Path, actor: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._directory = Path(directory).expanduser().absolute()
        self._actor = actor
        self._clock = clock

    def record(self, session: Session, record: MigrationRecord) -> None:
        """Add the entry of a history row in the row's own transaction."""
        details: dict[str, Any] = {
            "row": row_digest(record),
            "plan": record.plan_id,
            "accepted": record.metadata.get("accepted", []),
            "backup": record.backup_id,
            "rows": record.affected_rows,
        }
        if undoes := record.rollback_info.get("rollback_of"):
            details["undoes"] = undoes
        if restored := record.rollback_info.get("restored"):
            details["restored"] = restored["backup_id"]
        event = "failed" if record.status == "failed" else _EVENTS[kind_of(record)]
        self.add(session, event, doctype=record.doctype, subject=record.id, details=details)

    def add(
        self,
        session: Session,
        event: str,
        *,
        doctype: str = "",
        subject: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an entry in the running transaction."""
        session.execute(f"CREATE TABLE IF NOT EXISTS {quote(TABLE)} ({_COLUMNS})")
        number, previous, _seal = _last(session) or (0, START, "")
        entry = Entry(
            number=number + 1,
            time=self._clock().astimezone(UTC).isoformat(),
            actor=self._actor,
            event=event,
            doctype=doctype,
            subject=subject,
            details=canonical(details or {}),
            previous=previous,
        ).closed(audit_key())
        marks = ", ".join("?" * len(_FIELDS))
        session.execute(f"INSERT INTO {quote(TABLE)} VALUES ({marks})", tuple(getattr(entry, n) for n in _FIELDS))

    def removing(self, names: Sequence[str]) -> None:
        """Note in a transaction of its own that backups will be deleted; a database never migrated notes nothing."""
        with self._database.read() as session:
            known = session.identity() is not None
        if known:
            with self._database.write() as session:
                self.add(session, "removed backups", details={"backups": list(names)})
            self.note_head()

    def note_head(self) -> None:
        """Note the end of the log beside the backups, if there are any.

        Best effort, after the commit, which stands whatever becomes of it: a note that is behind is no problem,
        only one that is ahead.
        """
        if not self._directory.is_dir():
            return
        with self._database.read() as session:
            last, file = _last(session), self._head_file(session)
        if last and file:
            with suppress(OSError):
                _replace(file, canonical({"number": last[0], "digest": last[1], "seal": last[2]}).encode())

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, oldest first."""
        with self._database.read() as session:
            return _entries(session)

    def chain_problems(self) -> tuple[str, ...]:
        """Return what is wrong with the entries alone, a sentence each, without reading the history."""
        with self._database.read() as session:
            entries, head = _entries(session), _head(self._head_file(session))
        return tuple(chain_problems(entries, head, audit_key()))

    def verify(self, rows: Sequence[MigrationRecord]) -> AuditReport:
        """Check that no entry was changed, removed, moved or put in, and that the history is what they say.

        Args:
            rows: The history, all of it.
        """
        with self._database.read() as session:
            entries, head = _entries(session), _head(self._head_file(session))
        key = audit_key()
        problems = (*chain_problems(entries, head, key), *row_problems(entries, rows))
        return AuditReport(entries=entries, problems=problems, head=head, seals_checked=key is not None)

    def _head_file(self, session: Session) -> Path | None:
        own_id = session.identity()
        return self._directory / f"audit-{own_id}.json" if own_id else None


def _head(file: Path | None) -> Head | None:
    try:
        return Head(**json.loads(file.read_bytes())) if file else None
    except (OSError, ValueError, TypeError):
        return None


def _last(session: Session) -> tuple[int, str, str] | None:
    if not _exists(session):
        return None
    found = session.rows(f"SELECT number, digest, seal FROM {quote(TABLE)} ORDER BY number DESC LIMIT 1")
    return (found[0][0], found[0][1], found[0][2]) if found else None


def _exists(session: Session) -> bool:
    return session.has_table(TABLE)


def _entries(session: Session) -> tuple[Entry, ...]:
    if not _exists(session):
        return ()
    rows = session.rows(f"SELECT {', '.join(map(quote, _FIELDS))} FROM {quote(TABLE)} ORDER BY number")
    return tuple(Entry(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


def _replace(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is either the old one or the new one, whatever happens."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".audit-")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
