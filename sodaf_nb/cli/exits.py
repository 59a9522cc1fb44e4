"""The exit codes: what a script can tell from the number alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sodaf_nb.errors import SodafError

if TYPE_CHECKING:
    from collections.abc import Mapping

DONE = 0
UNFORESEEN = 1
USAGE = 2
PENDING = 4
BLOCKED = 5
CANCELLED = 130

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        DONE: "done, or there was nothing to do",
        UNFORESEEN: "an error nobody foresaw; please report it",
        USAGE: "the command cannot be understood",
        3: "a DocType is unknown or invalid",
        PENDING: "changes are pending (only with --check)",
        BLOCKED: "findings or an open question stop the migration; nothing was changed",
        6: "the plan is stale, or its file is not what was saved; nothing was changed",
        7: "somebody else holds the database, or a time limit was reached; try again",
        8: "the change is not possible without damage; nothing was changed",
        9: "the database cannot be opened or read",
        10: "a backup could not be made, proven or restored; nothing was changed",
        11: "a migration or rollback failed and was taken back; the history says so",
        12: "the audit log does not hang together: somebody wrote past this tool",
        13: "a disk has too little room; nothing was changed",
        14: "the connection's profile does not allow it, or nobody else approved it yet; nothing was changed",
        CANCELLED: "stopped or declined by the user; nothing was changed",
    }
)
"""What each exit code says; 130 is what shells give a program that Ctrl-C ended."""

_BY_CODE: Mapping[str, int] = MappingProxyType(
    {
        "SODAF": UNFORESEEN,
        "USAGE": USAGE,
        "DOCTYPE_NOT_FOUND": 3,
        "INVALID_DOCTYPE": 3,
        "BLOCKED": BLOCKED,
        "RENAME_QUESTION": BLOCKED,
        "PENDING": BLOCKED,
        "STALE_PLAN": 6,
        "PLAN_FILE": 6,
        "LOCKED": 7,
        "TIMEOUT": 7,
        "UNSUPPORTED_CHANGE": 8,
        "PATCH_REFUSED": 8,
        "DATABASE": 9,
        "BACKUP_FAILED": 10,
        "RESTORE_FAILED": 10,
        "EXECUTION_FAILED": 11,
        "ROLLBACK_FAILED": 11,
        "AUDIT_BROKEN": 12,
        "NO_SPACE": 13,
        "NOT_ALLOWED": 14,
        "NOT_APPROVED": 14,
        "CANCELLED": CANCELLED,
    }
)


def exit_code(error: SodafError) -> int:
    """Return the exit code for an error, by the nearest class of it that has one."""
    codes = (str(vars(kind).get("code")) for kind in type(error).__mro__)
    return next(_BY_CODE[code] for code in codes if code in _BY_CODE)


def epilog() -> str:
    """Return the exit codes as the help shows them."""
    return "\n".join(["exit codes:", *(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())])
