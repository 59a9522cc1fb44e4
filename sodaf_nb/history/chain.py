"""The audit chain as values: each entry holds the digest of the one before, so none can be changed unseen.

Pure: entries in, problems out. What stores them is `audit`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sodaf_nb.history.records import MigrationRecord
from sodaf_nb.schema import canonical

START = "0" * 64
"""What the first entry holds in place of a digest before it."""

# What a rollback adds to the row of the migration it takes back; all else of a row stays as it was written.
_ADDED_LATER = frozenset({"rolled_back_by", "rolled_back_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done.

    Args:
        number: Its place, from 1 without a gap.
        time: When, ISO 8601 in UTC.
        actor: Who.
        event: What: `started`, `applied`, `failed`, `rolled back`, `restored`, `settled`, `approved`,
            `removed backups`.
        doctype: For which DocType; empty when it is about none.
        subject: The migration it is about, or what was approved; empty when it is about none.
        details: More, as canonical JSON.
        previous: Digest of the entry before.
        digest: SHA-256 of all the fields above.
        seal: HMAC-SHA256 of the digest with the audit key; empty when it was written without one.
    """

    number: int
    time: str
    actor: str
    event: str
    doctype: str = ""
    subject: str = ""
    details: str = "{}"
    previous: str = START
    digest: str = ""
    seal: str = ""

    def closed(self, key: bytes | None) -> Entry:
        """Return the entry with its digest and, with a key, its seal."""
        closed = replace(self, digest=self.computed())
        return replace(closed, seal=sealed(closed.digest, key) if key else "")

    def computed(self) -> str:
        """Return the digest that its fields have."""
        fields = [
            self.number,
            self.time,
            self.actor,
            self.event,
            self.doctype,
            self.subject,
            self.details,
            self.previous,
        ]
        return hashlib.sha256(canonical(fields).encode()).hexdigest()


def sealed(digest: str, key: bytes) -> str:
    """Return the seal of a digest."""
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest entry as it was noted beside the backups."""

    number: int
    digest: str
    seal: str = ""


def row_digest(record: MigrationRecord) -> str:
    """Return the SHA-256 of what of a history row never changes; fields that later versions add do not count."""
    defaults: dict[str, Any] = {
        "dialect": "",
        "statements": (),
        "backup_id": None,
        "backup_sha256": None,
        "objects": {},
    }
    fields: dict[str, Any] = {}
    for name in MigrationRecord.__dataclass_fields__:
        value = getattr(record, name)
        if name not in defaults or value != defaults[name]:
            fields[name] = value
    fields["status"] = "failed" if record.status == "failed" else "done"
    fields["rollback_info"] = {k: v for k, v in record.rollback_info.items() if k not in _ADDED_LATER}
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def chain_problems(entries: Sequence[Entry], head: Head | None, key: bytes | None) -> list[str]:
    """Return what is wrong with a chain, a sentence each; empty when it is whole.

    Args:
        entries: All entries, by number.
        head: What was noted beside the backups; None when nothing was.
        key: The audit key; None leaves the seals unchecked.
    """
    problems, previous = list[str](), START
    for place, entry in enumerate(entries, start=1):
        if entry.number != place:
            problems.append(f"entry {place} is missing or out of its order")
            return problems
        if entry.previous != previous:
            problems.append(f"entry {place} does not follow the one before it")
        if entry.digest != entry.computed():
            problems.append(f"entry {place} was changed after it was written")
        previous = entry.digest
    return [*problems, *_seal_problems(entries, key), *_head_problems(entries, head)]


def _seal_problems(entries: Sequence[Entry], key: bytes | None) -> list[str]:
    if key is None:
        return []
    first = next((entry.number for entry in entries if entry.seal), len(entries) + 1)
    broken = [e for e in entries if e.number >= first and not _is_seal(e.seal, sealed(e.digest, key))]
    return [f"entry {entry.number} was not sealed with this key" for entry in broken]


def _is_seal(found: str, right: str) -> bool:
    # As bytes: whatever somebody wrote there can be compared, text outside ASCII too.
    return hmac.compare_digest(found.encode("utf-8", "surrogatepass"), right.encode())


def _head_problems(entries: Sequence[Entry], head: Head | None) -> list[str]:
    if head is None:
        return []
    if head.number > len(entries):
        return [f"there were {head.number} entries when the head was noted, and {len(entries)} are left"]
    noted = entries[head.number - 1]
    if (noted.digest, noted.seal) != (head.digest, head.seal):
        return [f"entry {head.number} is not the one whose digest was noted beside the backups"]
    return []


def row_problems(entries: Sequence[Entry], rows: Sequence[MigrationRecord]) -> list[str]:
    """Return where the history is not what the chain says of it; rows older than the chain are left alone."""
    told = [(entry.subject, json.loads(entry.details)) for entry in entries]
    digests = {subject: details["row"] for subject, details in told if "row" in details}
    # The entry of a rollback that failed names what it did not take back.
    done = [(e.event, json.loads(e.details)) for e in entries]
    undone = {details["undoes"] for event, details in done if event != "failed" and details.get("undoes")}
    present = {record.id: record for record in rows}
    started = min(digests, default="")
    missing = [f"the history has no row {subject} any more" for subject in digests if subject not in present]
    changed = [
        f"history row {record.id} was changed after it was written"
        for record in rows
        if record.id in digests and digests[record.id] != row_digest(record)
    ]
    added = [
        f"history row {r.id} was added without an entry"
        for r in rows
        if r.id not in digests and started and r.id > started
    ]
    marked = [
        f"history row {record.id} says it is {record.status.replace('_', ' ')}, and no entry does"
        for record in rows
        if record.id in digests
        and record.status != "failed"
        and (record.status == "rolled_back") != (record.id in undone)
    ]
    return [*missing, *changed, *added, *marked]
