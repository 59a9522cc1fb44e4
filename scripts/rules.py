"""Write docs/rules.md from the rules themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sodaf_nb.validation import catalogue
from sodaf_nb.validation.elsewhere import ELSEWHERE

_FAMILIES = {
    "DS": "What takes data away",
    "MF": "What may fail on the rows that are there",
    "BC": "What other programs notice",
    "LK": "What others wait for",
    "HY": "What is not as it should be",
    "SX": "What the engine refuses",
}
_TOP = """\
# Rules

<!-- Written by scripts/rules.py (`make rules`) from the rules themselves. -->

Every dry run and every apply asks these questions of the plan and of the live rows. A finding *blocks* an apply,
*warns*, or is a *note*. One that blocks is fixed, or taken on by its id with a reason:
`SyncOptions(accept={"DS03": "agreed with the warehouse"})` or `--accept DS03 --reason "agreed with the warehouse"`;
`DS03:city` is about one column only. Who accepted what, and why, stays in the history. What the engine itself would
refuse cannot be accepted. `ApplyOptions(policy={"DS07": "block"})` weighs a rule otherwise.
"""


def text() -> str:
    """Return the whole page."""
    return "\n".join([_TOP, *_built(), "## Not reported on SQLite", "", *_table(), ""])


def _built() -> Iterator[str]:
    for prefix, title in _FAMILIES.items():
        yield f"## {title}\n"
        for about in catalogue().values():
            if about.rule.startswith(prefix):
                yield f"### {about.rule}\n\n{about.what}\n\nWhy: {about.why}\n\nWhat to do: {about.remedy}\n"


def _table() -> Iterator[str]:
    yield "| id | why |"
    yield "|---|---|"
    yield from (f"| {rule} | {reason} |" for rule, reason in sorted(ELSEWHERE.items()))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
