"""What an acceptance case is: a change as data. The claims are the runner's and the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sodaf_nb.errors import BlockedMigrationError, SodafError
from sodaf_nb.options import SyncOptions
from tests.acceptance.making import Json

NOTHING: Mapping[str, Any] = MappingProxyType({})
PLAIN = SyncOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One change of one DocType.

    Args:
        id: What is the case, as a sentence.
        before: The DocType as it was; None: its table is not there, or `by_hand` makes it.
        after: The DocType as it is wanted.
        others: DocTypes that are in the database all the time.
        by_hand: SQL that somebody ran before the rows were written.
        rows: Rows of the DocType's table; without a name they are called R1, R2 ...
        other_rows: Rows of other tables, by table.
        options: The user's answers.
        findings: Ids of all findings, sorted; `DS03` blocks, `DS03?` warns, `DS03.` is a note.
        becomes: Column to its values after the change, in the order of the keys.
        other_becomes: The same for other tables: `table.column` to values.
        extra: Columns that are there beyond those of a fresh table.
        extra_indexes: How many indexes are there beyond those of a fresh table.
        keeps: Pieces of catalog text that are still there afterwards.
        path: The most expensive path a step takes; None: not looked at.
        backed_up: Whether data was at risk.
        rowids: False where the key itself is the rowid for a while, so that old rowids are not known any more.
    """

    id: str
    after: Json
    before: Json | None = None
    others: tuple[Json, ...] = ()
    by_hand: tuple[str, ...] = ()
    rows: tuple[Json, ...] = ()
    other_rows: Mapping[str, tuple[Json, ...]] = field(default_factory=lambda: NOTHING)
    options: SyncOptions = PLAIN
    findings: tuple[str, ...] = ()
    becomes: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: NOTHING)
    other_becomes: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: NOTHING)
    extra: tuple[str, ...] = ()
    extra_indexes: int = 0
    keeps: tuple[str, ...] = ()
    path: str | None = None
    backed_up: bool = False
    rowids: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One change that must not happen.

    Args:
        id: What is the case, as a sentence.
        before: The DocType as it was; None: its table is not there, or `by_hand` makes it.
        after: The DocType as it is wanted.
        by_hand: SQL that somebody ran before the rows were written.
        rows: Rows of the DocType's table.
        options: The user's answers.
        error: What is raised.
        words: Pieces of its message.
    """

    id: str
    after: Json
    words: tuple[str, ...]
    before: Json | None = None
    by_hand: tuple[str, ...] = ()
    rows: tuple[Json, ...] = ()
    options: SyncOptions = PLAIN
    error: type[SodafError] = BlockedMigrationError
