"""Every exception this package raises on purpose: one tree, stable codes, a next step in each.

The message says what happened, the hint says what to do next. Callers catch classes and read
`code`, never the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from sodaf_nb.validation.findings import Finding

Action = Literal[
    "accept",
    "rename",
    "renamed_from",
    "history",
    "recover",
    "plan",
    "through",
    "restore",
    "backups",
    "beside",
    "any_database",
    "on_conflict",
    "load",
    "named",
    "overwrite",
    "sql",
    "frame",
    "backfill",
    "dedupe",
    "widen",
    "keep",
    "yes_on",
    "approve",
]


@dataclass(frozen=True, slots=True)
class Step:
    """A next step that is written differently in Python and in a command.

    Args:
        action: What to do.
        values: What it is done to: ids of findings, the old and the new name, a DocType.
    """

    action: Action
    values: tuple[str, ...] = ()


Hint = str | tuple[str | Step, ...]
"""Text, or text with steps in it that each surface words for its reader."""

Words = Mapping[Action, Callable[[Sequence[str]], str]]
"""How each step is written on one surface."""

PYTHON: Words = MappingProxyType(
    {
        "accept": lambda ids: f"accept={{{', '.join(map(_quoted, ids))}}}",
        "rename": lambda pair: f"field_renames={{{_quoted(pair[0])}: {_quoted(pair[1])}}}",
        "renamed_from": lambda names: f"renamed_from={_quoted(names[0])}" if names else "renamed_from",
        "history": lambda _: "applier.history.get_migration_history()",
        "recover": lambda _: "applier.recover()",
        "through": lambda ids: f"applier.rollback_through({_quoted(ids[0])})",
        "restore": lambda ids: f"applier.backups.restore_backup({_quoted(ids[0])}, dry_run=True)",
        "beside": lambda names: f"as_table={_quoted(names[0])}",
        "any_database": lambda _: "any_database=True",
        "on_conflict": lambda words: f"on_conflict={_quoted(words[0])}",
        "backups": lambda _: "applier.backups.list_backups()",
        "load": lambda _: "doctypes.load(PATH)",
        "named": lambda names: f"draft_doctypes(frame, {_quoted(names[0])})",
        "overwrite": lambda _: "overwrite=True",
        "sql": lambda _: "in .sql and .rollback_sql",
        "frame": lambda _: ".to_frame()",
        "backfill": lambda names: f"backfill={{{_quoted(names[0])}: VALUE}}",
        "dedupe": lambda pair: f"dedupe={{{_quoted(pair[0])}: {_quoted(pair[1])}}}",
        "widen": lambda names: f"widen={{{_quoted(names[0])}}}",
        "keep": lambda _: 'removed_fields="keep"',
        "plan": lambda names: f"applier.dry_run({', '.join(map(_quoted, names))})",
        "yes_on": lambda names: f"yes_on={_quoted(names[0])}",
        "approve": lambda ids: f"applier.approve({_quoted(ids[0])})",
    }
)


Kind = Literal["transient", "data", "schema", "environment", "request", "bug"]

ADVICE: Mapping[Kind, str] = MappingProxyType(
    {
        "transient": "nothing is wrong; try again later",
        "data": "look at the rows that the message names, mend them or decide what becomes of them, and try again",
        "schema": "look at a new dry run and decide anew",
        "environment": "mend the file, disk, right or server that the message names, and try again",
        "request": "",  # the message says what cannot be meant
        "bug": "",
    }
)
"""What to do about each kind of error when the error itself has no better word."""


def _quoted(text: str) -> str:
    return f'"{text}"'


class SodafError(Exception):
    """Root of everything this package raises on purpose.

    Args:
        message: What happened, in one sentence; with details it ends before them.
        hint: What the reader can do next; empty leaves it to the advice for its kind.
        details: Single things the message lists, such as one finding each.
    """

    code: ClassVar[str] = "SODAF"
    kind: ClassVar[Kind] = "bug"

    def __init__(self, message: str, *, hint: Hint = "", details: Sequence[str] = ()) -> None:
        self.message = f"{message}: {'; '.join(details)}." if details else message
        super().__init__(self.message)
        self.details = tuple(details)
        self.words = PYTHON
        self._lead = message
        self._next = hint

    @property
    def hint(self) -> str:
        """What the reader can do next, in the words of the surface it came through."""
        parts = (self._next or ADVICE[self.kind],) if isinstance(self._next, str) else self._next
        return "".join(p if isinstance(p, str) else self.words[p.action](p.values) for p in parts)

    def __str__(self) -> str:
        """Return message and hint, one readable line."""
        return f"{self.message} Hint: {self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints instead of a traceback: a line, and one for each detail; still a real error."""
        title = f"{type(self).__name__} [{self.code}]"
        if not self.details:
            return [f"{title}: {self}"]
        last = [f"Hint: {self.hint}"] if self.hint else []
        return [f"{title}: {self._lead}:", *(f"  {detail}" for detail in self.details), *last]


class UsageError(SodafError):
    """A command line or a call that cannot be understood."""

    code = "USAGE"
    kind = "request"


class DocTypeNotFoundError(SodafError):
    """No DocType of that name is loaded."""

    code = "DOCTYPE_NOT_FOUND"
    kind = "request"


class Problem:
    """One thing that is wrong in a DocType, and where.

    Args:
        path: JSON path of the offending value, such as `$.fields[3].fieldtype`.
        message: What is wrong with it and what would be right.
    """

    __slots__ = ("message", "path")

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.message = message

    def __repr__(self) -> str:
        return f"{self.path}: {self.message}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash((self.path, self.message))


class InvalidDocTypeError(SodafError):
    """A DocType that cannot become a table; lists all problems at once.

    Args:
        doctype: Name of the DocType or of the file it came from.
        problems: Every problem found, each with its JSON path.
    """

    code = "INVALID_DOCTYPE"
    kind = "schema"

    def __init__(self, doctype: str, problems: Sequence[Problem]) -> None:
        self.doctype = doctype
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(
            f"DocType {doctype!r} has {count}",
            details=tuple(map(repr, self.problems)),
            hint="correct the JSON and load it again; nothing was changed",
        )


class BlockedMigrationError(SodafError):
    """Findings stop the migration until they are fixed or accepted by id.

    Args:
        doctype: The DocType whose migration was stopped.
        findings: The findings that stop it.
    """

    code = "BLOCKED"
    kind = "data"

    def __init__(self, doctype: str, findings: Sequence[Finding]) -> None:
        self.doctype = doctype
        self.findings = tuple(findings)
        super().__init__(
            f"The migration of {doctype!r} was stopped before any write",
            details=tuple(f"{f.rule}: {f.message.rstrip('.')}" for f in self.findings),
            hint=self._next_step(),
        )

    def _next_step(self) -> Hint:
        fixes = dict.fromkeys(step for f in self.findings if (step := f.next_step()))
        ids = tuple(dict.fromkeys(f.rule for f in self.findings if f.acceptable))
        before = [part for fix in fixes for part in (*fix, "; ")]
        if not ids:
            return (*before, "it cannot be accepted as it is")
        sealed = ", ".join(dict.fromkeys(f.rule for f in self.findings if not f.acceptable))
        rest = f"; {sealed} cannot be accepted" if sealed else ""
        return (*before, "or take it on with ", Step("accept", ids), rest)


class RenameQuestionError(SodafError):
    """Removed and added fields may be a rename; only a person can tell."""

    code = "RENAME_QUESTION"
    kind = "schema"


class MigrationPendingError(SodafError):
    """What runs next needs a migration that nobody has applied yet."""

    code = "PENDING"
    kind = "schema"


class StalePlanError(SodafError):
    """The database or the DocType changed after the plan was made."""

    code = "STALE_PLAN"
    kind = "schema"


class PlanFileError(SodafError):
    """A file that should hold a plan cannot be read or written, was changed, or is of an unknown version."""

    code = "PLAN_FILE"
    kind = "environment"


class AccessError(SodafError):
    """The connection's profile does not let this person, or anybody, do that; nothing was changed."""

    code = "NOT_ALLOWED"
    kind = "request"


class ApprovalError(AccessError):
    """A protected connection needs somebody else's approval first; nothing was changed."""

    code = "NOT_APPROVED"


class LockedError(SodafError):
    """Somebody else holds the database or a migration is already running."""

    code = "LOCKED"
    kind = "transient"


class UnsupportedChangeError(SodafError):
    """A change that would damage something the DocType does not mention.

    Args:
        message: What cannot be done.
        objects: The names of the objects that stand in the way.
        hint: The way out.
    """

    code = "UNSUPPORTED_CHANGE"
    kind = "schema"

    def __init__(self, message: str, *, objects: Sequence[str] = (), hint: Hint = "") -> None:
        super().__init__(message, hint=hint)
        self.objects = tuple(objects)


class PatchRefusedError(SodafError):
    """A patch wants what it may not do, or fails; the database is as it was before."""

    code = "PATCH_REFUSED"
    kind = "request"


class DatabaseError(SodafError):
    """The database could not be opened or read."""

    code = "DATABASE"
    kind = "environment"


class MigrationBackupError(SodafError):
    """No proven backup could be made, so nothing was changed."""

    code = "BACKUP_FAILED"
    kind = "environment"


class MigrationRestoreError(SodafError):
    """A backup is missing, damaged or not for this database; nothing was restored."""

    code = "RESTORE_FAILED"
    kind = "environment"


class MigrationExecutionError(SodafError):
    """A migration failed; the database is as it was before, unless the message says otherwise."""

    code = "EXECUTION_FAILED"
    kind: ClassVar[Kind] = "data"


class NoSpaceError(MigrationExecutionError):
    """A disk has too little room; the database is as it was before."""

    code = "NO_SPACE"
    kind = "environment"


class MigrationRollbackError(SodafError):
    """A rollback is not possible or failed; the database is as it was before it."""

    code = "ROLLBACK_FAILED"
    kind = "schema"


class AuditError(SodafError):
    """The audit log, or the history beside it, was changed after it was written."""

    code = "AUDIT_BROKEN"
    kind = "environment"


class MigrationTimeoutError(SodafError):
    """A time limit was reached; the database is as it was before."""

    code = "TIMEOUT"
    kind = "transient"


class MigrationCancelledError(SodafError):
    """The user stopped the migration; the database is as it was before."""

    code = "CANCELLED"
    kind = "request"
