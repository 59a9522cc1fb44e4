"""What has to be confirmed before a plan is carried out. Pure: a snapshot in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.options import Accept
from sodaf_nb.results import DryRunResult
from sodaf_nb.session.values import FindingKey, Snapshot, State
from sodaf_nb.validation import Finding, blocking


def finding_key(finding: Finding) -> FindingKey:
    """Return what tells a finding from the others of its plan."""
    return finding.rule, finding.object


def accepted(snapshot: Snapshot) -> Accept:
    """Return the ids that a person took on: by the typed name all, else those whose every finding is ticked."""
    given = snapshot.answers.accept
    found = snapshot.decided
    if given == "all" or found is None:
        return given
    if name_is_typed(snapshot):
        return frozenset(given) | {f.rule for f in blocking(found.findings, ()) if f.acceptable}
    return frozenset(given) | _ticked_rules(found, snapshot.ticked)


def _ticked_rules(found: DryRunResult, ticked: frozenset[FindingKey]) -> frozenset[str]:
    stopping = [f for f in blocking(found.findings, ()) if f.acceptable]
    left = {f.rule for f in stopping if finding_key(f) not in ticked}
    return frozenset(f.rule for f in stopping) - left


def name_is_typed(snapshot: Snapshot) -> bool:
    """Return True when the name of the table was typed as it is."""
    return snapshot.decided is not None and snapshot.typed.strip() == snapshot.decided.plan.table


def sealed(found: DryRunResult) -> tuple[Finding, ...]:
    """Return the findings that stop a plan whoever accepts them."""
    return tuple(f for f in blocking(found.findings, ()) if not f.acceptable)


def missing(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what keeps a plan from being carried out, a sentence each; nothing when it may be."""
    found = snapshot.decided
    return () if found is None else tuple(_missing(snapshot, found))


def _missing(snapshot: Snapshot, found: DryRunResult) -> Iterator[str]:
    stopping = sealed(found)
    yield from (f"{f.rule} cannot be accepted: {f.message} {_fix(f)}".rstrip() for f in stopping)
    rehearsal = found.rehearsal
    if rehearsal and not rehearsal.success and not stopping:
        yield rehearsal.to_text()
    table = found.plan.table
    # A rule counts as accepted once all its findings are ticked; those that are need not be named again.
    for finding in blocking(found.findings, accepted(snapshot)):
        if finding.acceptable and finding_key(finding) not in snapshot.ticked:
            yield f"Tick {finding.rule} {finding.object}, or type {table}."
    target = snapshot.target
    if target.asks_name and not name_is_typed(snapshot):
        yield f"This is {target.environment.upper() if target.is_production else 'protected'}: type {table}."


def _fix(finding: Finding) -> str:
    return f"Way out: {finding.fix}." if finding.fix else ""


def decided_state(snapshot: Snapshot) -> State:
    """Return the state of a plan that lies before a person."""
    found = snapshot.decided
    if found is None or not found.plan.operations:
        return State.NOTHING
    if snapshot.state.undoing:
        return State.UNDO
    failed = found.rehearsal is not None and not found.rehearsal.success
    if sealed(found) or failed:
        return State.BLOCKED
    return State.CONFIRMING if missing(snapshot) else State.READY
