"""A plan as HTML that needs neither scripts nor live controls, and still reads where styles are stripped.

Everything that comes from a database or a DocType is escaped. Colours come from the theme and only mark
what words and signs say already.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from sodaf_nb.plan import Operation
from sodaf_nb.results import DryRunResult, MigrationResult
from sodaf_nb.session import Snapshot, State, change_rows, checks, verdict
from sodaf_nb.session.view import (
    banner,
    drift,
    empty_text,
    error_lines,
    findings_of,
    history_lines,
    questions,
)
from sodaf_nb.tabular import Row, counted, printable
from sodaf_nb.validation import Finding

# Text keeps the theme's own colour on the theme's own ground; only lines and edges are coloured.
STYLE = """<style>
.sodaf-plan{color:var(--jp-ui-font-color1,#222);font-family:var(--jp-ui-font-family,sans-serif);
font-size:var(--jp-ui-font-size1,13px);line-height:1.45;overflow-x:auto}
.sodaf-plan h4{font-size:var(--jp-ui-font-size2,15px);margin:2px 0 6px;font-weight:600;line-height:1.3}
.sodaf-plan p{margin:4px 0}
.sodaf-plan ul{margin:2px 0 6px;padding-left:20px}
.sodaf-plan table{border-collapse:collapse;margin:6px 0;font-size:inherit}
.sodaf-plan table[role] caption{text-align:left;font-weight:600;caption-side:top;padding:2px 0;
color:var(--jp-ui-font-color1,#222)}
.sodaf-plan table[role] th,.sodaf-plan table[role] td{text-align:left;vertical-align:top;padding:3px 10px 3px 4px;
border-bottom:1px solid var(--jp-border-color1,#bbb);white-space:normal}
.sodaf-plan table[role] th{font-weight:600;vertical-align:bottom}
.sodaf-plan td summary{white-space:nowrap;padding:0}
.sodaf-plan ul.ticked{list-style:none;padding-left:12px}
.sodaf-plan table[role] td.n{text-align:right}
.sodaf-plan table[role] td.sign{font-family:var(--jp-code-font-family,monospace);font-weight:700}
.sodaf-plan table[role] td.word{white-space:nowrap}
.sodaf-plan .badge{border:1px solid var(--jp-border-color0,#777);border-radius:3px;padding:0 6px;font-weight:600;
white-space:nowrap}
.sodaf-plan .bad{border-left:4px solid var(--jp-error-color1,#c62828);padding-left:8px}
.sodaf-plan .care{border-left:4px solid var(--jp-warn-color1,#b26a00);padding-left:8px}
.sodaf-plan .good{border-left:4px solid var(--jp-success-color1,#2e7d32);padding-left:8px}
.sodaf-plan .calm{border-left:4px solid var(--jp-border-color1,#999);padding-left:8px}
.sodaf-plan summary{cursor:pointer;padding:2px 0}
.sodaf-plan summary:focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2)}
.sodaf-plan pre{background:var(--jp-layout-color2,#eee);color:var(--jp-ui-font-color1,#222);padding:8px;margin:4px 0;
font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);overflow:auto;max-height:24em;
white-space:pre-wrap;overflow-wrap:anywhere}
.sodaf-controls .widget-checkbox,.sodaf-controls .widget-checkbox .widget-label-basic{height:auto;white-space:normal;
line-height:1.5}
.sodaf-controls .widget-html,.sodaf-controls .widget-html-content{min-width:0;max-width:100%}
</style>"""

# The risk stands early, where a narrow screen shows it; the way a change takes has its reasons folded below.
_COLUMNS = ("", "risk", "object", "change", "rows changed", "values at risk", "way back", "how")

_SIGNS: Mapping[str, tuple[str, str]] = {
    "safe": ("\u2713", "good"),
    "needs care": ("\u25b2", "care"),
    "DATA LOSS": ("\u2716", "bad"),
    "REFUSED": ("\u25a0", "bad"),
}

_STATES: Mapping[State, tuple[str, str]] = {
    State.READY: ("\u2713", "good"),
    State.APPLIED: ("\u2713", "good"),
    State.ROLLED_BACK: ("\u2713", "good"),
    State.NOTHING: ("\u2713", "good"),
    State.BLOCKED: ("\u25a0", "bad"),
    State.FAILED: ("\u2716", "bad"),
    State.STALE: ("\u2716", "bad"),
    State.CONFIRMING: ("\u25b2", "care"),
    State.QUESTION: ("?", "care"),
    State.CANCELLED: ("\u25a0", "care"),
    State.UNDO: ("\u25b2", "care"),
}


def esc(value: object) -> str:
    """Return a value as text of HTML, on one line."""
    return html.escape(printable("" if value is None else str(value)))


def framed(*parts: str) -> str:
    """Return parts as one block with the styles it needs."""
    return f'<div class="sodaf-plan">{STYLE}{"".join(parts)}</div>'


def block(*parts: str) -> str:
    """Return parts as one block on a page that has the styles already."""
    return f'<div class="sodaf-plan">{"".join(parts)}</div>'


def static_html(now: Snapshot, hint: str) -> str:
    """Return all that is known of a session, for readers without live controls.

    Args:
        now: The session.
        hint: How to get live controls, in words.
    """
    found = now.decided
    body = [_head(now), _verdict(now)]
    if found is None or not found.plan.operations:
        body.append(f"<p>{esc(empty_text(now))}</p>")
    else:
        body += [changes(found), checked(found), saved(found), f"<p>{esc(drift(found))}</p>"]
        body += [structure(now), preview(found), sql(found)]
    body += _lines(questions(now)) + _lines(error_lines(now)) + _lines(history_lines(now))
    return framed(*body, f"<p><em>{esc(hint)}</em></p>")


def with_hint(found: DryRunResult, hint: str) -> str:
    """Return a dry run as it shows anywhere, and below it how to get live controls."""
    return f'{found._repr_html_()}<div class="sodaf"><p><em>{esc(hint)}</em></p></div>'


def _head(now: Snapshot) -> str:
    return f"<h4>{esc(banner(now))}</h4>"


def _verdict(now: Snapshot) -> str:
    sign, mark = state_mark(now.state)
    return f'<p class="{mark}">{sign} {esc(verdict(now))}</p>'


def state_mark(state: State) -> tuple[str, str]:
    """Return the sign and the class of a state."""
    return _STATES.get(state, ("\u2022", "calm"))


def changes(found: DryRunResult, risk: str | None = None) -> str:
    """Return the table of changes; `risk` shows those of one risk only."""
    both = zip(found.plan.operations, change_rows(found), strict=True)
    rows = [(operation, row) for operation, row in both if risk in (None, row["risk"])]
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in _COLUMNS)
    body = "".join(_change(found, operation, row) for operation, row in rows)
    return (
        f'<table role="table"><caption>{esc(counted(len(rows), "change"))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _change(found: DryRunResult, operation: Operation, row: Row) -> str:
    sign, mark = _SIGNS[str(row["risk"])]
    shown = {**row, "risk": f"{sign} {row['risk']}"}
    kinds = {"": "sign", "risk": f"word {mark}", "rows changed": "n", "values at risk": "n"}
    cells = "".join(_cell(shown[name], kinds.get(name, "")) for name in _COLUMNS[:-1])
    return f"<tr>{cells}<td>{_details(found, operation, row)}</td></tr>"


def _cell(value: object, kind: str) -> str:
    return f'<td class="{kind}">{esc(value)}</td>' if kind else f"<td>{esc(value)}</td>"


def _details(found: DryRunResult, operation: Operation, row: Row) -> str:
    """Return why a change takes its path, its findings with samples and the way out, folded."""
    reasons = dict(zip(found.plan.operations, found.reasons, strict=False))
    lines = [reasons[operation]] if reasons.get(operation) else []
    lines += [_finding_text(f) for f in findings_of(found, operation)]
    title = ", ".join(str(row[name]) for name in ("how", "rules") if row[name])
    return _folded(title, f"<ul>{_items(lines)}</ul>") if lines else esc(title)


def _finding_text(finding: Finding) -> str:
    return f"{finding.rule}: {finding.message}{finding.such_as()}{f' Way out: {finding.fix}.' if finding.fix else ''}"


def checked(found: DryRunResult) -> str:
    """Return what the rules say: errors, warnings and notes in full, what passed folded."""
    listed = checks(found)
    parts = []
    for word, title, sign, mark in _CHECKED:
        if listed[word]:
            head = f'<p class="{mark}">{sign} {esc(counted(len(listed[word]), *title))}</p>'
            parts.append(f"{head}<ul>{_items(listed[word])}</ul>")
    passed = listed["passed"]
    return "".join(parts) + _folded(f"\u2713 {counted(len(passed), 'rule')} passed", f"<ul>{_items(passed)}</ul>")


_CHECKED = (
    ("errors", ("finding stops this plan", "findings stop this plan"), "\u2716", "bad"),
    ("warnings", ("warning",), "\u25b2", "care"),
    ("notes", ("note",), "\u2022", "calm"),
)


def saved(found: DryRunResult) -> str:
    """Return what would be backed up, and how the rehearsal went."""
    lines = []
    for each in found.backup_preview:
        what = f"{each['table']}, {counted(each['rows'], 'row')} of {each['columns']}"
        lines.append(f"Backup first: {what} ({each['strategy']}: {each['why']}); it is restored on trial before the")
        lines[-1] += " first write."
    lines += [found.rehearsal.to_text()] if found.rehearsal else []
    return "".join(_lines(lines))


def structure(now: Snapshot) -> str:
    """Return the table's columns now and as wanted, folded."""
    if not now.structure:
        return ""
    return _folded("Columns now and as wanted", table(now.structure, ""))


def preview(found: DryRunResult) -> str:
    """Return a few rows before and after, folded."""
    blocks = [(title, text) for title, text in found.code() if "SQL" not in title]
    return "".join(_folded(title, _pre(text)) for title, text in blocks)


def sql(found: DryRunResult) -> str:
    """Return the SQL both ways, folded."""
    both = (("SQL of the apply", found.sql), ("SQL of the rollback", found.rollback_sql))
    return "".join(_folded(title, _pre(";\n".join(text) + ";")) for title, text in both if text)


def export(found: DryRunResult) -> str:
    """Return the plan as Markdown, to be copied into a review."""
    return _folded("Markdown for a pull request", _pre(found.to_markdown()))


def history(now: Snapshot) -> str:
    """Return the newest migrations of the DocType, folded."""
    return _folded("History of this DocType", table(now.history, "")) if now.history else ""


def outcome(result: MigrationResult) -> str:
    """Return what an apply or a rollback did."""
    lines = [f"{counted(result.affected_rows, 'row')} written in {result.execution_time_ms / 1000:.2f} s"]
    lines += [f"verified backup: {result.backup_path}"] if result.backup_path else []
    lines += ["structure, number of rows and foreign keys verified inside the transaction"]
    lines += [f"recorded as {result.migration_id}"] if result.migration_id else []
    ticks = "".join(f"<li>\u2713 {esc(line)}</li>" for line in lines)
    return f'<p class="good">\u2713 <b>{esc(result.heading())}</b></p><ul class="ticked">{ticks}</ul>'


def trouble(error: BaseException) -> str:
    """Return an error in full."""
    code = getattr(error, "code", type(error).__name__)
    return f'<p class="bad" role="alert">\u2716 <b>[{esc(code)}]</b> {esc(error)}</p>'


def table(rows: Sequence[Row], caption: str) -> str:
    """Return rows as a table."""
    names = list(rows[0]) if rows else []
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(_cell(row[n], "sign" if n == "" else "") for n in names) + "</tr>" for row in rows)
    title = f"<caption>{esc(caption)}</caption>" if caption else ""
    return f'<table role="table">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _lines(lines: Iterable[str]) -> list[str]:
    return [f"<p>{esc(line)}</p>" for line in lines]


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{esc(line)}</li>" for line in lines)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{esc(title)}</summary>{body}</details>"


def _pre(text: str) -> str:
    # Lines are kept here, and nothing else that would steer the reader's eye.
    return f"<pre>{html.escape(chr(10).join(map(printable, text.splitlines())))}</pre>"
