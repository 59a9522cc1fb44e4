"""What an apply or a rollback did, of one DocType and of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from sodaf_nb.errors import SodafError, Words
from sodaf_nb.results.plain import to_json
from sodaf_nb.tabular import Row, Tabular
from sodaf_nb.validation.findings import Finding, Findings

Outcome = Literal["applied", "nothing_to_do", "not_applied", "unknown"]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationResult(Tabular):
    """What one apply or rollback did.

    Args:
        success: True when the database is as wanted afterwards.
        migration_id: Id in the history; None when nothing was recorded.
        doctype: The DocType it was for.
        outcome: `applied`, `nothing_to_do`, `not_applied` (a dry run) or `unknown`.
        sql: The statements that ran.
        warnings: Findings that did not stop it, and notes, as text.
        errors: What went wrong, as text.
        affected_rows: Rows written by statements that change rows.
        execution_time_ms: Milliseconds from taking the lock to the commit.
        backup_path: Folder of the verified backup; None when no data was at risk.
        findings: All findings, with their counts.
        metadata: Further facts: plan id, reason, what was restored.
    """

    success: bool
    migration_id: str | None
    doctype: str
    outcome: Outcome
    sql: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    affected_rows: int = 0
    execution_time_ms: float = 0.0
    backup_path: str | None = None
    findings: Sequence[Finding] = Findings()
    metadata: Mapping[str, Any] = field(default_factory=_nothing)

    def heading(self) -> str:
        """Return the outcome in one line."""
        number, undoes = self.metadata.get("number"), self.metadata.get("undoes")
        done = f"rolled back #{undoes}" if undoes else self.outcome.replace("_", " ")
        return f"{self.doctype}: {done} (#{number})" if number else f"{self.doctype}: {done}"

    def to_rows(self) -> list[Row]:
        """Return one row a change that was made."""
        return list(self.metadata.get("changes", ()))

    def empty_text(self) -> str:
        """Say why nothing was done."""
        return str(self.metadata.get("reason") or "No changes: the database matches the DocType.")

    def notes(self) -> list[str]:
        """Return backup, warnings and errors, a line each."""
        backup = ["Backup taken and verified before the first write."] if self.backup_path else []
        return [*backup, *(f"! {text}" for text in self.warnings), *(f"ERROR {text}" for text in self.errors)]

    def in_words(self, words: Words) -> MigrationResult:
        """Return it with the fixes of its findings as they are written on another surface."""
        return replace(self, findings=Findings(self.findings).in_words(words))

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BatchMigrationResult(Tabular):
    """What applying all DocTypes did, in the order it was done.

    Args:
        results: DocType name to its result.
        errors: DocType name to the error that stopped it.
    """

    results: Mapping[str, MigrationResult]
    errors: Mapping[str, SodafError] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def failed(self) -> Mapping[str, str]:
        """DocTypes that failed, with their errors as text."""
        return {name: f"[{error.code}] {error}" for name, error in self.errors.items()}

    @property
    def success(self) -> bool:
        """True when no DocType failed."""
        return not self.errors

    @property
    def successful(self) -> tuple[str, ...]:
        """DocTypes whose table was changed."""
        return tuple(n for n, r in self.results.items() if r.outcome == "applied")

    @property
    def skipped(self) -> tuple[str, ...]:
        """DocTypes where there was nothing to do."""
        return tuple(n for n, r in self.results.items() if r.outcome != "applied")

    def heading(self) -> str:
        """Return the counts in one line."""
        return f"{len(self.successful)} applied, {len(self.skipped)} nothing to do, {len(self.errors)} failed"

    def to_rows(self) -> list[Row]:
        """Return one row a DocType."""
        done = [
            {"doctype": n, "outcome": r.outcome, "changes": len(r.to_rows()), "error": ""}
            for n, r in self.results.items()
        ]
        return [
            *done,
            *({"doctype": n, "outcome": "failed", "changes": 0, "error": e} for n, e in self.failed.items()),
        ]
