"""What the applier returns. Nothing that differs from run to run is in a repr."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from sodaf_nb.errors import SodafError
from sodaf_nb.plan import Plan
from sodaf_nb.rehearsal import ColumnChange, PreviewRow, Rehearsal, compact, flat_columns
from sodaf_nb.schema import encode
from sodaf_nb.tabular import Row, Tabular, counted, frame_of, printable, text_table
from sodaf_nb.validation import blocking
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.freshness import SHORT

# Lines of SQL that a text dry run shows unasked: a few added columns, and no rebuild.
_SHORT_SQL = 12

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["applied", "nothing_to_do", "not_applied", "unknown"]

# Rows of the preview that a repr shows; `preview()` has more.
_SHOWN_ROWS = 5
_PREVIEW = "Rows before and after"


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

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return _to_json(self)


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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DryRunResult(Tabular):
    """What an apply would do; nothing was changed and nothing is left behind.

    Args:
        success: True when an apply would go through as asked.
        doctype: The DocType it is for.
        plan: The plan an apply would carry out.
        paths: How each of the plan's changes is made, cheapest first: `metadata only` touches no row, `in place`
            writes rows where they are, `rebuild` copies the table.
        reasons: Why each change takes its path, in words; also in the DataFrame.
        sql: The statements an apply would run, in order.
        rollback_sql: The statements that would take it back.
        findings: What the rules say, with live counts.
        affected_rows: Rows of the tables that an apply rewrites or updates.
        backup_preview: What an apply would back up first: table, rows, columns, strategy and why.
        accepted: Ids the caller takes on.
        rehearsal: What came of running it up and back on a copy with rows; None when there is nothing to do.
        changes: What becomes of each column's values, with exact counts on the copy.
        preview_rows: Rows before and after, those that change most first.
        estimated_time_s: Seconds an apply would take, from those the rehearsal took; None when it did not get
            through. Scaled by the number of rows when the copy had a sample.
        estimated_lock_s: Seconds of these in which nobody else can write.
        sql_in_text: True when the text shows long SQL as well; HTML folds it, and `code` always has it.
    """

    success: bool
    doctype: str
    plan: Plan
    paths: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    rollback_sql: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    affected_rows: int = 0
    backup_preview: tuple[Mapping[str, Any], ...] = ()
    accepted: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None
    changes: tuple[ColumnChange, ...] = ()
    preview_rows: tuple[PreviewRow, ...] = ()
    estimated_time_s: float | None = None
    estimated_lock_s: float | None = None
    sql_in_text: bool = False

    @property
    def data_loss_risks(self) -> tuple[Finding, ...]:
        """The findings about data that may be lost."""
        return tuple(f for f in self.findings if f.group == "DATA_LOSS_RISK")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Findings that do not stop an apply, accepted ones with them, as text."""
        stopping = self._stopping()
        return tuple(f"{f.rule}: {f.message}" for f in self.findings if f not in stopping)

    @property
    def errors(self) -> tuple[str, ...]:
        """Findings that stop an apply, and what went wrong in the rehearsal, as text."""
        failed = [self.rehearsal.to_text()] if self.rehearsal and not self.rehearsal.success else []
        return (*(f"{f.rule}: {f.message}" for f in self._stopping()), *failed)

    def preview(self, limit: int = 10) -> pd.DataFrame:
        """Return rows before and after as a pandas DataFrame, those that change most first, then by key.

        Texts stand in quotes, NULL is None; a column that is added or dropped has one side only.

        Args:
            limit: The most rows; up to 50 are kept.
        """
        rows = self.preview_rows[: max(limit, 0)]
        return frame_of([row.to_flat() for row in rows], flat_columns(rows))

    def _stopping(self) -> tuple[Finding, ...]:
        return blocking(self.findings, "all" if self.accepted == ("all",) else self.accepted)

    def pending_changes(self) -> int:
        """Return how many changes an apply would make."""
        return len(self.plan.operations)

    def heading(self) -> str:
        """Return the verdict in one line."""
        count = len(self.plan.operations)
        verdict = "ready to apply" if self.success else self._obstacle()
        text = f"Dry run of {self.doctype}: {counted(count, 'change')}, {verdict if count else 'nothing to do'}"
        # A rollback is bound to the migration it undoes, whose id differs from run to run.
        return f"{text} (plan {self.plan.id[:SHORT]})" if count and self.plan.kind == "sync" else text

    def to_rows(self) -> list[Row]:
        """Return one row a change, with the path it takes."""
        rows = self.plan.to_rows()
        return [{**row, "path": path} for row, path in zip(rows, self.paths, strict=True)] if self.paths else rows

    def frame_rows(self) -> list[Row]:
        """Return one row a change, with the path it takes and why."""
        rows = self.to_rows()
        return [{**row, "why": why} for row, why in zip(rows, self.reasons, strict=True)] if self.reasons else rows

    def empty_text(self) -> str:
        """Say why there is nothing to do."""
        return self.plan.empty_text()

    def notes(self) -> list[str]:
        """Return findings, what would be backed up, and how the rehearsal went, a line each."""
        stopping = self._stopping()
        found = [_finding_line(f, accepted=f.severity is Severity.BLOCK and f not in stopping) for f in self.findings]
        saved = [_backup_line(saved) for saved in self.backup_preview]
        return [*found, *saved, *([self._rehearsal_line(self.rehearsal)] if self.rehearsal else [])]

    def code(self) -> list[tuple[str, str]]:
        """Return a few rows before and after, and the SQL both ways."""
        rows = text_table(compact(self.preview_rows[:_SHOWN_ROWS])) if self.changes else ""
        return [*([(_PREVIEW, rows)] if rows else []), *self._sql_blocks()]

    def _sql_blocks(self) -> list[tuple[str, str]]:
        both = (("SQL", self.sql), ("Rollback SQL", self.rollback_sql))
        return [(title, ";\n".join(text) + ";") for title, text in both if text]

    def _obstacle(self) -> str:
        blocked = self._stopping() or self.rehearsal is None or self.rehearsal.success
        return "BLOCKED by findings" if blocked else "the rehearsal FAILED"

    def _rehearsal_line(self, rehearsal: Rehearsal) -> str:
        return f"{'' if rehearsal.success else 'ERROR '}{rehearsal.to_text()}"

    def text_code(self) -> list[tuple[str, str]]:
        """Return the rows, and the SQL both ways when it is short or asked for; else how long it is and where."""
        blocks = self._sql_blocks()
        lines = sum(text.count("\n") + 1 for _title, text in blocks)
        if not self.sql_in_text and lines > _SHORT_SQL:
            blocks = [("SQL", f"{lines} lines, in .sql and .rollback_sql; dry-run --sql shows them")]
        return [*(block for block in self.code() if block[0] == _PREVIEW), *blocks]

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return _to_json(self)

    def to_markdown(self) -> str:
        """Return the dry run as Markdown, for a pull request."""
        rows = self.to_rows()
        table = _markdown_table(rows) if rows else [self.empty_text()]
        notes = [f"- {_markdown(note)}" for note in self.notes()]
        blocks = [f"\n{title}\n\n```sql\n{text}\n```" for title, text in self._sql_blocks()]
        return "\n".join([f"### {self.heading()}", "", *table, "", *notes, *self._values_as_markdown(), *blocks])

    def _values_as_markdown(self) -> list[str]:
        if not self.changes:
            return []
        changes = [{"column": f"{c.table}.{c.column}", "values": c.what, "rows": c.rows} for c in self.changes]
        rows = compact(self.preview_rows[:_SHOWN_ROWS])
        return ["", *_markdown_table(changes), "", f"{_PREVIEW}:", "", *_markdown_table(rows)]


def _backup_line(saved: Mapping[str, Any]) -> str:
    what = f"{saved['table']}, {counted(saved['rows'], 'row')} of {saved['columns']}"
    return f"Backup first: {what} ({saved['strategy']}: {saved['why']})."


def _finding_line(finding: Finding, *, accepted: bool) -> str:
    samples = f" Such as {', '.join(map(repr, finding.samples))}." if finding.samples else ""
    fix = f" ({finding.fix})" if finding.fix else ""
    verdict = "accepted" if accepted else str(finding.severity)
    return f"{verdict.upper()} {finding.rule}: {finding.message}{samples}{fix}"


def _markdown_table(rows: Sequence[Row]) -> list[str]:
    names = [_markdown(name) for name in rows[0]]
    lines = (f"| {' | '.join(map(_markdown, row.values()))} |" for row in rows)
    return [f"| {' | '.join(names)} |".replace("|  |", "| |"), f"|{'---|' * len(names)}", *lines]


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
