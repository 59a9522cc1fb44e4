"""Which findings a person takes on, and with what reason."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from sodaf_nb.errors import BlockedMigrationError, Step, UsageError
from sodaf_nb.options import Accept
from sodaf_nb.validation.elsewhere import ELSEWHERE
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.rules import catalogue

# Ids are four characters: one of them may be wrong.
_NEAR = 0.7


def blocking(findings: Iterable[Finding], accept: Accept) -> tuple[Finding, ...]:
    """Return the findings that still stop an apply when those are accepted."""
    return tuple(f for f in findings if f.severity is Severity.BLOCK and not (f.acceptable and is_taken(f, accept)))


def is_taken(finding: Finding, accept: Accept) -> bool:
    """Tell whether an acceptance covers a finding: all of them, its id, or its id with its column or object."""
    return _key(finding, accept) is not None


def reason_for(finding: Finding, accept: Accept) -> str:
    """Return why a finding was accepted, in the words of who did; empty when none were given."""
    key = _key(finding, accept)
    return accept.get(key, "") if key is not None and isinstance(accept, Mapping) else ""


def takes_all(accept: Accept) -> bool:
    """Tell whether everything is accepted, with a reason or without."""
    return accept == "all" or (not isinstance(accept, str) and "all" in accept)


def accepted_ids(accept: Accept) -> tuple[str, ...]:
    """Return what was accepted as a value to keep: sorted, and `all` alone where it says everything."""
    return ("all",) if takes_all(accept) else tuple(sorted(accept))


def _key(finding: Finding, accept: Accept) -> str | None:
    if accept == "all":
        return "all"
    column = finding.object.rpartition(".")[2]
    mine = {f"{finding.rule}:{name}".lower() for name in (finding.object, column)}
    narrow = (key for key in accept if ":" in key and key.lower() in mine)
    return next(narrow, None) or next((key for key in (finding.rule, "all") if key in accept), None)


def require_known(accept: Accept) -> None:
    """Stop at an accepted id that no rule has: whoever wrote it meant another one.

    Raises:
        UsageError: With the ids there are.
    """
    if accept == "all":
        return
    if isinstance(accept, str):
        raise UsageError(f"accept={accept!r} is one text.", hint=("a set of ids is meant: ", Step("accept", (accept,))))
    named = {key.partition(":")[0] if key.partition(":")[2] or ":" not in key else key for key in accept} - {"all"}
    unknown = sorted(named - set(catalogue()))
    if unknown:
        if reason := ELSEWHERE.get(unknown[0]):
            raise UsageError(f"{unknown[0]} is never found here: {reason}.", hint="leave it out")
        family = [rule for rule in catalogue() if rule[:2] == unknown[0][:2].upper()]
        meant = f"{unknown[0][:2]}{unknown[0][2:]:0>2}".upper()  # DS3 is DS03, and no more like it than like DS13
        near = difflib.get_close_matches(meant, family, n=1, cutoff=_NEAR)
        guess = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"There is no finding with the id {', '.join(unknown)}.",
            hint=f"{guess}ids: {', '.join(catalogue())}, or all",
        )


def require_accepted(doctype: str, findings: Iterable[Finding], accept: Accept) -> None:
    """Stop unless every blocking finding is accepted.

    Raises:
        BlockedMigrationError: With the findings that are not.
    """
    left = blocking(findings, accept)
    if left:
        raise BlockedMigrationError(doctype, left)
