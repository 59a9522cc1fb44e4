"""Ids of backups: sortable by time, and safe as a folder's name."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sodaf_nb.errors import MigrationRestoreError, Step

_ID = re.compile(r"[0-9A-Z]{26}")
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_id(text: str) -> bool:
    """Tell whether `text` can be a backup's id; nothing else ever becomes part of a path (trap S20)."""
    return _ID.fullmatch(text) is not None


def require_id(text: str) -> str:
    """Return `text` when it can be a backup's id.

    Raises:
        MigrationRestoreError: If it cannot.
    """
    if not is_id(text):
        raise MigrationRestoreError(
            f"{text!r} is not a backup id.",
            hint=("ids have 26 digits and capital letters: ", Step("backups")),
        )
    return text


def ulid(now: datetime) -> str:
    """Return a new id: 48 bits of milliseconds since 1970, then 80 random bits."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
