"""What a person is told about a plan: verdict, one row a change with its risk, what was checked. Pure.

Nothing here differs from run to run: times, sizes and versions are shown by live controls only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sodaf_nb.plan import AddColumn, AlterColumn, CreateIndex, Operation
from sodaf_nb.plan.operations import endangered, table_of
from sodaf_nb.plan.summaries import summary
from sodaf_nb.results import DryRunResult
from sodaf_nb.session.values import Snapshot, State
from sodaf_nb.tabular import Row, Tabular, counted, text_table
from sodaf_nb.validation import Finding, Severity
from sodaf_nb.validation.freshness import SHORT
from sodaf_nb.validation.rules import catalogue

Risk = Literal["safe", "needs care", "DATA LOSS", "REFUSED"]


@dataclass(frozen=True, slots=True)
class Review(Tabular):
    """A snapshot as a table, for readers without live controls.

    Args:
        snapshot: The session.
    """

    snapshot: Snapshot

    def heading(self) -> str:
        """Return what is to be changed and the verdict in one line."""
        return f"{banner(self.snapshot)} - {verdict(self.snapshot)}"

    def to_rows(self) -> list[Row]:
        """Return one row a change."""
        found = self.snapshot.decided
        return change_rows(found) if found else []

    def empty_text(self) -> str:
        """Say why there are no changes."""
        return empty_text(self.snapshot)

    def notes(self) -> list[str]:
        """Return what the rules found, the backup, the rehearsal, and what was done before."""
        found = self.snapshot.decided
        lines = [*found.notes(), drift(found)] if found and found.plan.operations else []
        return [*lines, *questions(self.snapshot), *error_lines(self.snapshot), *history_lines(self.snapshot)]

    def code(self) -> list[tuple[str, str]]:
        """Return rows before and after, the structure and the SQL both ways."""
        found = self.snapshot.decided
        structure = text_table([row for row in self.snapshot.structure if row[""] != "="])
        blocks = found.code() if found and found.plan.operations else []
        return [*([("Columns that differ", structure)] if structure else []), *blocks]

    def text_code(self) -> list[tuple[str, str]]:
        """Return what the text shows: long SQL stands in the values."""
        found = self.snapshot.decided
        return found.text_code() if found and found.plan.operations else []


def banner(snapshot: Snapshot) -> str:
    """Return what would be changed: DocType, database, and the environment in words."""
    target = snapshot.target
    where = target.name if target.connection == target.name else f"{target.connection} ({target.name})"
    found = snapshot.decided
    plan = f", plan {found.plan.id[:SHORT]}" if found and found.plan.operations and found.plan.kind == "sync" else ""
    environment = "PRODUCTION" if target.is_production else target.environment
    return f"{snapshot.doctype} in {where}, {environment}{plan}"


def verdict(snapshot: Snapshot) -> str:
    """Return how many changes of which risk there are, whether there is a way back, and where the plan stands."""
    found = snapshot.decided
    if found is None or not found.plan.operations:
        return str(snapshot.state)
    risks = Counter(str(row["risk"]) for row in change_rows(found))
    told = ", ".join(f"{risks[word]} {word}" for word in ("safe", "needs care", "DATA LOSS", "REFUSED") if risks[word])
    count = counted(len(found.plan.operations), "change")
    return f"{count}: {told}; way back: {way_back(found)}; {snapshot.state}"


def way_back(found: DryRunResult) -> str:
    """Return whether the plan can be taken back, as far as it was tried."""
    rehearsal = found.rehearsal
    if rehearsal is None or rehearsal.problem:
        return "not proven"
    if rehearsal.known:
        return "not exact"
    return "tried and exact" if rehearsal.scope == "full" else "tried on a sample"


def change_rows(found: DryRunResult) -> list[Row]:
    """Return one row a change: sign, object, what becomes of it, risk, rows, way, way back and rules."""
    paths = found.paths or ("",) * len(found.plan.operations)
    return [_change(found, o, path) for o, path in zip(found.plan.operations, paths, strict=True)]


def _change(found: DryRunResult, operation: Operation, path: str) -> Row:
    sign, thing, change = summary(operation)
    own = findings_of(found, operation)
    at_risk = [f.count for f in own if f.group == "DATA_LOSS_RISK" and f.severity is not Severity.INFO and f.count]
    return {
        "": sign,
        "object": thing,
        "change": change,
        "risk": _risk(own),
        "rows changed": _rows_changed(found, operation),
        "values at risk": max(at_risk, default=0) or "",
        "how": path,
        "way back": "from backup" if list(endangered(operation)) and at_risk else "yes",
        "rules": ", ".join(dict.fromkeys(f.rule for f in own)),
    }


def findings_of(found: DryRunResult, operation: Operation) -> tuple[Finding, ...]:
    """Return the findings about what one operation touches."""
    names = {name.lower() for name in _names(operation)}
    return tuple(f for f in found.findings if f.object.lower() in names)


def _names(operation: Operation) -> Iterator[str]:
    table = table_of(operation)
    match operation:
        case AlterColumn(after=column) | AddColumn(column=column):
            yield f"{table}.{column.name}"
        case CreateIndex(index=index):
            yield f"{index.table}.{', '.join(index.columns)}"
            yield f"{index.table} ({', '.join(index.columns)})"
        case _:
            yield summary(operation)[1]


def _risk(findings: Sequence[Finding]) -> Risk:
    if any(f.severity is Severity.BLOCK and not f.acceptable for f in findings):
        return "REFUSED"
    if any(f.severity is Severity.BLOCK and f.group == "DATA_LOSS_RISK" for f in findings):
        return "DATA LOSS"
    return "needs care" if any(f.severity is not Severity.INFO for f in findings) else "safe"


def _rows_changed(found: DryRunResult, operation: Operation) -> int | str:
    names = {name.lower() for name in (*_names(operation), summary(operation)[1])}
    counts = [c.rows for c in found.changes if f"{c.table}.{c.column}".lower() in names and c.what != "added"]
    return sum(counts) or ""


def drift(found: DryRunResult) -> str:
    """Return what the plan stands on, and when that is looked at again."""
    if found.plan.kind != "sync":
        return "The schema is looked at again inside the transaction; a plan that no longer fits is refused."
    start = found.plan.made_for[:SHORT]
    return f"Made for schema {start}; looked at again inside the transaction, and refused if it moved."


def questions(snapshot: Snapshot) -> list[str]:
    """Return what is asked before there can be a plan."""
    if snapshot.state is not State.QUESTION:
        return []
    pairs = (f"? {c.old} -> {c.new} ({', '.join(c.reasons)})" for c in snapshot.candidates)
    return ["Fields that go and fields that come may be the same under another name. Which are?", *pairs]


def error_lines(snapshot: Snapshot) -> list[str]:
    """Return what went wrong, and the next step."""
    error = snapshot.error
    if error is None:
        return []
    code = getattr(error, "code", type(error).__name__)
    return [f"ERROR [{code}] {error}"]


def history_lines(snapshot: Snapshot) -> list[str]:
    """Return the newest migrations of the DocType, and what a crash left."""
    done = "; ".join(f"#{row['#']} {row['kind']} {str(row['status']).replace('_', ' ')}" for row in snapshot.history)
    left = snapshot.interrupted
    crash = [f"{counted(left, 'interrupted migration')}: the next apply settles what a crash left."] if left else []
    return [f"Earlier migrations: {done or 'none'}.", *crash]


def empty_text(snapshot: Snapshot) -> str:
    """Say why there are no changes, and what was compared."""
    if snapshot.state is State.QUESTION:
        return "No plan yet: a question is open."
    found, diff = snapshot.decided, snapshot.diff
    if found is None or diff is None:
        return "No plan yet."
    columns = len(snapshot.structure)
    checked = f" (compared {counted(columns, 'column')})" if columns and not diff.reason else ""
    return f"{found.empty_text().removesuffix('.')}{checked}."


def checks(found: DryRunResult) -> dict[str, list[str]]:
    """Return what the rules say: errors, warnings, notes, and the rules that found nothing."""
    words = {Severity.BLOCK: "errors", Severity.WARN: "warnings", Severity.INFO: "notes"}
    listed: dict[str, list[str]] = {"errors": [], "warnings": [], "notes": [], "passed": []}
    for finding in found.findings:
        listed[words[finding.severity]].append(f"{finding.rule}: {finding.message}")
    fired = {finding.rule for finding in found.findings}
    listed["passed"] = [f"{about.rule}: {about.what}" for rule, about in catalogue().items() if rule not in fired]
    return listed
