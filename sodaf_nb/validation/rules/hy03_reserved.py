"""HY03: a new name is a word of SQL."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AddColumn, CreateTable, RenameColumn
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="HY03",
        what="A new column bears a name that is a word of SQL.",
        why="Our statements quote every name, but those that people write by hand fail or mean something else.",
        remedy="Give it another name while it is new, or always write it in double quotes. It does not stop an apply.",
    ),
)


# Words that SQLite or PostgreSQL refuse as a column's name without quotes (their lists of reserved words).
_WORDS = """
add all alter analyse analyze and any array as asc asymmetric autoincrement between both case cast check collate
column commit constraint create cross current_date current_time current_timestamp default deferrable delete desc
distinct do drop else end escape except exists false fetch for foreign freeze from full grant group having ilike in
index initially inner insert intersect into is isnull join lateral leading left like limit localtime localtimestamp
natural not notnull null offset on only or order outer overlaps placing primary references returning right select
session_user set similar some symmetric table then to trailing transaction true union unique update user using values
variadic verbose when where window with
"""
RESERVED = frozenset(_WORDS.split())


def check(evidence: Evidence) -> Iterator[Finding]:
    """Note each new name that must be quoted; names that are there already are left alone."""
    for table, column in _new_names(evidence):
        if column.lower() in RESERVED:
            yield Finding(
                rule="HY03",
                group=Group.OTHERS,
                severity=Severity.INFO,
                object=f"{table}.{column}",
                message=f"{column} is a word of SQL; statements written by hand must quote it.",
                fix="give it another name while it is new",
            )


def _new_names(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for operation in evidence.plan.operations if evidence.plan.kind == "sync" else ():
        match operation:
            case AddColumn(table=table, column=column):
                yield table, column.name
            case RenameColumn(table=table, new=new):
                yield table, new
            case CreateTable(table=table):
                yield from ((table.name, column.name) for column in table.columns)
            case _:
                continue
