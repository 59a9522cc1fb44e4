"""Which strategy a backup takes in the end, and why it is another one than asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.strategies import NO_KEY
from sodaf_nb.backup.values import BackupInfo
from sodaf_nb.database.sidefile import TableFacts

Strategy = Literal["full", "column", "incremental"]

# A chain is read whole and none of it can be deleted before the last, so it must end some time.
LONGEST_CHAIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a table is going to be saved.

    Args:
        kind: The strategy.
        base_id: What an incremental backup builds on; None for the others.
        note: Why it is another strategy than asked for; empty when it is not.
    """

    kind: Strategy
    base_id: str | None = None
    note: str = ""


def choose(kind: Strategy, facts: TableFacts, backups: Callable[[], Iterable[BackupInfo]]) -> Choice:
    """Return the strategy to take where the one asked for may not be possible; a full backup always is.

    Args:
        kind: The strategy asked for.
        facts: The table.
        backups: Gives the backups there are, newest first; asked for an incremental one only.
    """
    if kind == "column" and not facts.lasting_key:
        return Choice(kind="full", note=NO_KEY)
    if kind == "incremental":
        return _on_top_of_newest(facts, [b for b in backups() if not b.problem])
    return Choice(kind=kind)


def _on_top_of_newest(facts: TableFacts, backups: list[BackupInfo]) -> Choice:
    fitting = (b for b in backups if (b.table, b.create_sql) == (facts.name, facts.create_sql))
    base = next((b for b in fitting if b.strategy != "column"), None)
    if base is None:
        return Choice(kind="full", note="there is no earlier backup of the table, as it is defined now, to build on")
    if _links(base.id, {b.id: b.base_id for b in backups}) >= LONGEST_CHAIN:
        return Choice(kind="full", note=f"its chain of backups has {LONGEST_CHAIN} links, so a new one begins")
    return Choice(kind="incremental", base_id=base.id)


def _links(backup_id: str, bases: Mapping[str, str | None]) -> int:
    base = bases.get(backup_id)
    return 1 if base is None else 1 + _links(base, bases)


def locked(chain: Iterable[Manifest], recipients: Collection[str], at_hand: Collection[str]) -> str:
    """Return why a backup cannot build on a chain by itself; empty when it can.

    Args:
        chain: Manifests of the base and of what that builds on.
        recipients: Public keys of those who must be able to open the new backup, each alone.
        at_hand: Public keys whose secret ones are at hand.
    """
    encrypted = [set(manifest.recipients) for manifest in chain if manifest.recipients]
    if any(readers.isdisjoint(at_hand) for readers in encrypted):
        return "the newest backup of the table is encrypted, and no secret key is at hand that opens it"
    if any(not readers.issuperset(recipients) for readers in encrypted):
        return "not all of the recipients can open the newest backup of the table"
    return ""
