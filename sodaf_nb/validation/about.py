"""What a rule tells the person who meets its id."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A rule in words; each rule's file has one for every id it reports.

    Args:
        rule: Its id, such as `DS03`.
        what: What is the case when it reports.
        why: Why that matters.
        remedy: What to do.
    """

    rule: str
    what: str
    why: str
    remedy: str
