"""What an apply would do, with everything a person wants to know before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sodaf_nb.errors import PYTHON, Words
from sodaf_nb.explanation import Explanation, Explanations
from sodaf_nb.plan import Plan
from sodaf_nb.rehearsal import ColumnChange, PreviewRow, Rehearsal, compact, flat_columns
from sodaf_nb.results.disk import DiskSpace
from sodaf_nb.results.plain import to_json
from sodaf_nb.tabular import (
    Row,
    Tabular,
    counted,
    frame_of,
    markdown,
    markdown_fold,
    markdown_table,
    text_table,
)
from sodaf_nb.validation import blocking
from sodaf_nb.validation.findings import Finding, Findings, Severity
from sodaf_nb.validation.freshness import SHORT

# Lines of SQL that a text dry run shows unasked: a few added columns, and no rebuild.
_SHORT_SQL = 12

if TYPE_CHECKING:
    import pandas as pd

# Rows of the preview that a repr shows; `preview()` has more.
_SHOWN_ROWS = 5
_PREVIEW = "Rows before and after"
_UNDO = "Locks, dangers and ways back"

# Bytes from which on the text of a dry run says what an apply takes on the disks.
_SHOWN_BYTES = 10 * 1024**2


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
        conflicts: Of a rollback, values that were edited since the migration and what becomes of them, as sentences.
        kept: Objects and columns on the table, or built on it, that no DocType mentions and that stay.
        explanations: Of each change what it locks, what it endangers and how it is undone.
        disk: Bytes an apply may take on the disks; None when there is nothing to do. The text says it from 10 MB on.
        sql_in_text: True when the text shows long SQL as well; HTML folds it, and `code` always has it.
        words: How next steps are written where it is shown.
    """

    success: bool
    doctype: str
    plan: Plan
    paths: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    rollback_sql: tuple[str, ...] = ()
    findings: Sequence[Finding] = Findings()
    affected_rows: int = 0
    backup_preview: tuple[Mapping[str, Any], ...] = ()
    accepted: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None
    changes: tuple[ColumnChange, ...] = ()
    preview_rows: tuple[PreviewRow, ...] = ()
    estimated_time_s: float | None = None
    estimated_lock_s: float | None = None
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    disk: DiskSpace | None = None
    sql_in_text: bool = False
    words: Words = field(default_factory=lambda: PYTHON, compare=False)

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
        lacking = [f"Too little room: {self.disk.problem}"] if self.disk and self.disk.problem else []
        return (*(f"{f.rule}: {f.message}" for f in self._stopping()), *lacking, *failed)

    def preview(self, limit: int = 10) -> pd.DataFrame:
        """Return rows before and after as a pandas DataFrame, those that change most first, then by key.

        Texts stand in quotes, NULL is None; a column that is added or dropped has one side only.

        Args:
            limit: The most rows; up to 50 are kept.
        """
        rows = self.preview_rows[: max(limit, 0)]
        return frame_of([row.to_flat() for row in rows], flat_columns(rows))

    def _stopping(self) -> tuple[Finding, ...]:
        return blocking(self.findings, self.accepted)

    def in_words(self, words: Words) -> DryRunResult:
        """Return it with its next steps as they are written on another surface."""
        return replace(self, words=words, findings=Findings(self.findings).in_words(words))

    def is_refused(self) -> bool:
        """Return True when an apply as asked would stop before its first write, whatever the rehearsal says."""
        return bool(blocking(self.findings, self.accepted) or (self.disk and self.disk.problem))

    def is_blocked(self) -> bool:
        """Return True when an apply would not go through as asked."""
        return not self.success

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
        found = [_finding_line(f, _verdict(f, stopping)) for f in self.findings]
        saved = [_backup_line(saved) for saved in self.backup_preview]
        kept = [f"Kept as it is: {', '.join(self.kept)}."] if self.kept else []
        tried = [self._rehearsal_line(self.rehearsal)] if self.rehearsal else []
        return [*found, *self.conflicts, *kept, *saved, *self._disk_lines(), *tried]

    def code(self) -> list[tuple[str, str]]:
        """Return a few rows before and after, and the SQL both ways."""
        rows = text_table(compact(self.preview_rows[:_SHOWN_ROWS])) if self.changes else ""
        return [*([(_PREVIEW, rows)] if rows else []), *self._explained(), *self._sql_blocks()]

    def explain(self) -> Explanations:
        """Return each change with its path and why, what it locks and endangers, how it is undone, and its time."""
        return Explanations(doctype=self.doctype, items=self.explanations)

    def _explained(self) -> list[tuple[str, str]]:
        if not self.explanations:
            return []
        # Every change of one apply holds the same lock, so it is said once.
        told = "\n".join(each.to_text() for each in self.explanations)
        return [(_UNDO, f"Locks {self.explanations[0].locks}.\n{told}")]

    def _sql_blocks(self) -> list[tuple[str, str]]:
        both = (("SQL", self.sql), ("Rollback SQL", self.rollback_sql))
        return [(title, ";\n".join(text) + ";") for title, text in both if text]

    def _obstacle(self) -> str:
        if self.disk and self.disk.problem and not self._stopping():
            return "TOO LITTLE ROOM on a disk"
        blocked = self._stopping() or self.rehearsal is None or self.rehearsal.success
        return "BLOCKED by findings" if blocked else "the rehearsal FAILED"

    def _disk_lines(self) -> list[str]:
        if self.disk is None:
            return []
        if self.disk.problem:
            return [f"ERROR too little room: {self.disk.problem}."]
        large = self.disk.database + self.disk.temporary + self.disk.backup >= _SHOWN_BYTES
        return [self.disk.to_text()] if large else []

    def _rehearsal_line(self, rehearsal: Rehearsal) -> str:
        return f"{'' if rehearsal.success else 'ERROR '}{rehearsal.to_text()}"

    def text_code(self) -> list[tuple[str, str]]:
        """Return the rows, and the SQL both ways when it is short or asked for; else how long it is and where."""
        blocks = self._sql_blocks()
        lines = sum(text.count("\n") + 1 for _title, text in blocks)
        if not self.sql_in_text and lines > _SHORT_SQL:
            blocks = [("SQL", f"{lines} lines, {self.words['sql'](())}")]
        return [*(block for block in self.code() if block[0] in (_PREVIEW, _UNDO)), *blocks]

    def to_json(self) -> str:
        """Return all fields as JSON."""
        return to_json(self)

    def to_markdown(self) -> str:
        """Return the dry run as Markdown, for a pull request."""
        rows = self.to_rows()
        parts = [f"### {self.heading()}", "", *(markdown_table(rows) if rows else [self.empty_text()])]
        parts += self._findings_as_markdown()
        notes = self.notes()[len(self.findings) :]
        parts += ["", *(f"- {markdown(note)}" for note in notes)] if notes else []
        parts += self._values_as_markdown()
        return "\n".join([*parts, *markdown_fold("SQL", self.sql), *markdown_fold("Rollback SQL", self.rollback_sql)])

    def _findings_as_markdown(self) -> list[str]:
        stopping = self._stopping()
        rows = [
            {
                "finding": f"{_verdict(f, stopping)} {f.rule}",
                "what": f.message,
                "rows": "" if f.count is None else f.count,
                "what to do": f.fix,
            }
            for f in self.findings
        ]
        return ["", *markdown_table(rows)] if rows else []

    def _values_as_markdown(self) -> list[str]:
        if not self.changes:
            return []
        changes = [{"column": f"{c.table}.{c.column}", "values": c.what, "rows": c.rows} for c in self.changes]
        rows = compact(self.preview_rows[:_SHOWN_ROWS])
        return ["", *markdown_table(changes), "", f"{_PREVIEW}:", "", *markdown_table(rows)]


def _backup_line(saved: Mapping[str, Any]) -> str:
    what = f"{saved['table']}, {counted(saved['rows'], 'row')} of {saved['columns']}"
    return f"Backup first: {what} ({saved['strategy']}: {saved['why']})."


def _verdict(finding: Finding, stopping: Sequence[Finding]) -> str:
    taken = finding.severity is Severity.BLOCK and finding not in stopping
    return "ACCEPTED" if taken else finding.severity.upper()


def _finding_line(finding: Finding, verdict: str) -> str:
    fix = f" ({finding.fix})" if finding.fix else ""
    return f"{verdict} {finding.rule}: {finding.message}{finding.such_as()}{fix}"
