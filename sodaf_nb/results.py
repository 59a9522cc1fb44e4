"""What the applier returns. Nothing that differs from run to run is in a repr."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from sodaf_nb.plan import Plan
from sodaf_nb.schema import encode
from sodaf_nb.tabular import Row, Tabular, printable
from sodaf_nb.validation.findings import Finding, Severity

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
    findings: tuple[Finding, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=_nothing)

    def heading(self) -> str:
        """Return the outcome in one line."""
        return f"{self.doctype}: {self.outcome.replace('_', ' ')}"

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

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return _to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BatchMigrationResult(Tabular):
    """What applying all DocTypes did, in the order it was done.

    Args:
        results: DocType name to its result.
        failed: DocType name to the error that stopped it.
    """

    results: Mapping[str, MigrationResult]
    failed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def success(self) -> bool:
        """True when no DocType failed."""
        return not self.failed

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
        return f"{len(self.successful)} applied, {len(self.skipped)} nothing to do, {len(self.failed)} failed"

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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DryRunResult(Tabular):
    """What an apply would do; nothing was changed and nothing is left behind.

    Args:
        success: True when an apply would go through as asked.
        doctype: The DocType it is for.
        plan: The plan an apply would carry out.
        sql: The statements an apply would run, in order.
        rollback_sql: The statements that would take it back.
        findings: What the rules say, with live counts.
        affected_rows: Rows of the tables that an apply rewrites or updates.
        backup_preview: What an apply would back up first: table, rows, columns, strategy and why.
        accepted: Ids the caller takes on.
    """

    success: bool
    doctype: str
    plan: Plan
    sql: tuple[str, ...] = ()
    rollback_sql: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    affected_rows: int = 0
    backup_preview: tuple[Mapping[str, Any], ...] = ()
    accepted: tuple[str, ...] = ()

    @property
    def data_loss_risks(self) -> tuple[Finding, ...]:
        """The findings about data that may be lost."""
        return tuple(f for f in self.findings if f.group == "DATA_LOSS_RISK")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Findings that do not stop an apply, as text."""
        return tuple(f"{f.rule}: {f.message}" for f in self.findings if f.severity is not Severity.BLOCK)

    @property
    def errors(self) -> tuple[str, ...]:
        """Findings that stop an apply, as text."""
        return tuple(f"{f.rule}: {f.message}" for f in self.findings if f.severity is Severity.BLOCK)

    def heading(self) -> str:
        """Return the verdict in one line."""
        count = len(self.plan.operations)
        verdict = "ready to apply" if self.success else "BLOCKED by findings"
        changes = f"{count} {'change' if count == 1 else 'changes'}"
        return f"Dry run of {self.doctype}: {changes}, {verdict if count else 'nothing to do'}"

    def to_rows(self) -> list[Row]:
        """Return one row a change."""
        return self.plan.to_rows()

    def empty_text(self) -> str:
        """Say why there is nothing to do."""
        return self.plan.empty_text()

    def notes(self) -> list[str]:
        """Return findings and what would be backed up, a line each."""
        found = [_finding_line(finding) for finding in self.findings]
        saved = [_backup_line(saved) for saved in self.backup_preview]
        return [*found, *saved]

    def code(self) -> list[tuple[str, str]]:
        """Return the SQL both ways."""
        both = (("SQL", self.sql), ("Rollback SQL", self.rollback_sql))
        return [(title, ";\n".join(text) + ";") for title, text in both if text]

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return _to_json(self)

    def to_markdown(self) -> str:
        """Return the dry run as Markdown, for a pull request."""
        rows = self.to_rows()
        table = [
            "| | object | change |",
            "|---|---|---|",
            *(f"| {' | '.join(_markdown(v) for v in r.values())} |" for r in rows),
        ]
        notes = [f"- {_markdown(note)}" for note in self.notes()]
        blocks = [f"\n{title}\n\n```sql\n{text}\n```" for title, text in self.code()]
        return "\n".join([f"### {self.heading()}", "", *(table if rows else [self.empty_text()]), "", *notes, *blocks])


def _backup_line(saved: Mapping[str, Any]) -> str:
    what = f"{saved['table']}, {saved['rows']} rows of {saved['columns']}"
    return f"Backup first: {what} ({saved['strategy']}: {saved['why']})."


def _finding_line(finding: Finding) -> str:
    samples = f" Such as {', '.join(map(repr, finding.samples))}." if finding.samples else ""
    fix = f" ({finding.fix})" if finding.fix else ""
    return f"{str(finding.severity).upper()} {finding.rule}: {finding.message}{samples}{fix}"


def _markdown(value: object) -> str:
    """Return a value as Markdown that shows as it is: no column, tag or line of its own."""
    return re.sub(r"([\\|<])", r"\\\1", printable(str(value)))


def _to_json(value: Any) -> str:
    fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return json.dumps(fields, indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return encode(value)
