"""Findings in SARIF 2.1.0, the form in which code review tools take results (OASIS standard of 2020)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from sodaf_nb.options import Accept
from sodaf_nb.validation.about import About
from sodaf_nb.validation.acceptance import is_taken, reason_for
from sodaf_nb.validation.findings import Finding, Severity
from sodaf_nb.validation.rules import catalogue

_LEVELS = {Severity.BLOCK: "error", Severity.WARN: "warning", Severity.INFO: "note"}


def sarif(findings: Sequence[Finding], *, version: str, accept: Accept = ()) -> dict[str, Any]:
    """Return a SARIF log with one run: the rules that reported, and a result for each finding.

    Args:
        findings: The findings.
        version: Version of the tool.
        accept: What was taken on; such findings are marked as suppressed, with the reason.
    """
    ids = sorted({finding.rule for finding in findings})
    driver = {"name": "sodaf_nb", "version": version, "rules": [_rule(catalogue()[rule]) for rule in ids]}
    results = [_result(finding, ids.index(finding.rule), accept) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(about: About) -> dict[str, Any]:
    return {
        "id": about.rule,
        "shortDescription": {"text": about.what},
        "fullDescription": {"text": f"{about.what} {about.why}"},
        "help": {
            "text": f"{about.why} {about.remedy}",
            "markdown": f"**Why**: {about.why}\n\n**What to do**: {about.remedy}",
        },
    }


def _result(finding: Finding, index: int, accept: Accept) -> dict[str, Any]:
    text = f"{finding.message} {_sentence(finding.fix)}".rstrip()
    result = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding)],
        "partialFingerprints": {"ruleAndObject/v1": _fingerprint(finding)},
        "properties": {"count": finding.count, "samples": list(finding.samples), "acceptable": finding.acceptable},
    }
    if finding.severity is Severity.BLOCK and finding.acceptable and is_taken(finding, accept):
        reason = reason_for(finding, accept) or "accepted without a reason"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _sentence(fix: str) -> str:
    return f"To do: {fix}." if fix else ""


def _location(finding: Finding) -> dict[str, Any]:
    names: list[dict[str, str]] = [{"fullyQualifiedName": finding.object, "kind": "member"}]
    names += [{"fullyQualifiedName": finding.path, "kind": "object"}] if finding.path else []
    place: dict[str, Any] = {"logicalLocations": names}
    if finding.file:
        place["physicalLocation"] = {"artifactLocation": {"uri": _uri(finding.file)}}
    return place


def _uri(file: str) -> str:
    if PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute():
        path = PurePosixPath(file) if PurePosixPath(file).is_absolute() else PureWindowsPath(file)
        return path.as_uri()
    return quote(file)


def _fingerprint(finding: Finding) -> str:
    return hashlib.sha256(f"{finding.rule} {finding.object}".encode()).hexdigest()
