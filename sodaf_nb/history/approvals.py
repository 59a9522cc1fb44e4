"""Approvals: entries of the audit log, so that one that was put in or changed past this tool is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sodaf_nb.history.chain import Entry
from sodaf_nb.tabular import Row, Tabular, counted

APPROVED = "approved"
"""The event of an approval's entry"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Approval(Tabular):
    """That somebody agreed to one plan, or to putting one backup back.

    Args:
        subject: The plan's id, or the backup's.
        doctype: The DocType it is about; empty when that was not known.
        approved_by: Who is named in the history.
        account: The account of the operating system that approved.
        approved_at: When, ISO 8601 in UTC.
        expires_at: When it runs out, ISO 8601 in UTC.
        used: True once what it is for was done: that takes a new one to be done again.
        expired: True when it had run out at the time it was asked for.
    """

    subject: str
    doctype: str
    approved_by: str
    account: str
    approved_at: str
    expires_at: str
    used: bool = False
    expired: bool = False

    @property
    def state(self) -> str:
        """What it is worth now: `used`, `ran out` or `valid`."""
        return "used" if self.used else "ran out" if self.expired else "valid"

    def heading(self) -> str:
        """Return what was approved, in one line."""
        return f"Approved: {self.subject[:12]}{f' for {self.doctype}' if self.doctype else ''}"

    def to_rows(self) -> list[Row]:
        """Return one row, without what differs from run to run."""
        return [self.row()]

    def row(self) -> Row:
        """Return the approval as a row."""
        return {
            "approved": self.subject[:12],
            "doctype": self.doctype,
            "by": self.approved_by,
            "account": self.account,
            "state": self.state,
        }

    def frame_rows(self) -> list[Row]:
        """Return one row with the whole id and the times."""
        return [{**self.row(), "approved": self.subject, "at": self.approved_at, "until": self.expires_at}]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Approvals(Tabular):
    """All approvals of a database, the newest first.

    Args:
        approvals: They.
    """

    approvals: tuple[Approval, ...] = ()

    def __iter__(self) -> Iterator[Approval]:
        return iter(self.approvals)

    def __len__(self) -> int:
        return len(self.approvals)

    def heading(self) -> str:
        """Return how many there are."""
        return counted(len(self.approvals), "approval").capitalize()

    def to_rows(self) -> list[Row]:
        """Return one row an approval."""
        return [approval.row() for approval in self.approvals]

    def frame_rows(self) -> list[Row]:
        """Return one row an approval with the whole ids and the times."""
        return [row for approval in self.approvals for row in approval.frame_rows()]

    def empty_text(self) -> str:
        """Say that there are none."""
        return "Nothing was approved yet."


def approvals_in(entries: Iterable[Entry], now: datetime) -> tuple[Approval, ...]:
    """Return the approvals that entries tell of, oldest first; what was done after one has used it up."""
    found: list[dict[str, object]] = []
    for entry in entries:
        details = json.loads(entry.details)
        if entry.event == APPROVED:
            found.append(_fields(entry, details, now))
        elif entry.event not in {"started", "failed"}:
            done = {details.get("plan"), details.get("restored")}
            found = [each | {"used": each["used"] or each["subject"] in done} for each in found]
    return tuple(Approval(**each) for each in found)  # type: ignore[arg-type]  # made below


def _fields(entry: Entry, details: dict[str, str], now: datetime) -> dict[str, object]:
    return {
        "subject": entry.subject,
        "doctype": entry.doctype,
        "approved_by": entry.actor,
        "account": details["account"],
        "approved_at": entry.time,
        "expires_at": details["expires"],
        "used": False,
        "expired": datetime.fromisoformat(details["expires"]) <= now,
    }
