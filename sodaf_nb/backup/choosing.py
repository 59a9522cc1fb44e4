"""The strategy that a backup takes in the end, with the base it builds on at hand."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sodaf_nb.backup.choice import Choice, Strategy, choose, locked
from sodaf_nb.backup.encryption import find_identities, keys_at_hand
from sodaf_nb.backup.listing import listed
from sodaf_nb.backup.reader import manifests, unpacked
from sodaf_nb.backup.refusals import unusable_base
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.strategies import (
    BackupStrategy,
    ColumnBackupStrategy,
    FullBackupStrategy,
    IncrementalBackupStrategy,
)
from sodaf_nb.database.sidefile import TableFacts
from sodaf_nb.errors import MigrationRestoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Chooses among what is possible here.

    Args:
        store: Where earlier backups are.
        recipients: Public keys of those who must be able to open the new one, each alone.
        identity: File with the secret key at hand; None looks in the environment.
        batch_size: Rows hashed at a time.
    """

    store: BackupStore
    recipients: tuple[str, ...]
    identity: Path | None
    batch_size: int

    def choice(self, asked: Strategy, facts: TableFacts) -> Choice:
        """Return what would be taken for a table, and why if it is not what was asked for."""
        choice = choose(asked, facts, lambda: listed(self.store, None))
        chain = manifests(self.store, choice.base_id) if choice.base_id else []
        at_hand = keys_at_hand(self.identity) if any(m.recipients for m in chain) else ()
        lock = locked(chain, self.recipients, at_hand)
        return Choice(kind="full", note=lock) if lock else choice

    def strategy(
        self, opened: ExitStack, facts: TableFacts, asked: Strategy, columns: Collection[str], base_id: str | None
    ) -> tuple[BackupStrategy, str]:
        """Return the strategy and why it is another than asked for; its base stays open as long as `opened`.

        Raises:
            MigrationBackupError: If the base that was named cannot be used.
        """
        choice = Choice(kind="incremental", base_id=base_id) if base_id else self.choice(asked, facts)
        if choice.kind == "column":
            return ColumnBackupStrategy(columns), ""
        if choice.base_id is None:
            return FullBackupStrategy(), choice.note
        keys = partial(find_identities, self.identity)
        try:
            base = opened.enter_context(unpacked(self.store, choice.base_id, keys, batch_size=self.batch_size))
        except MigrationRestoreError as error:
            if base_id is not None:
                raise unusable_base(facts.name, error) from None
            return FullBackupStrategy(), "the newest backup of the table cannot be used to build on"
        return IncrementalBackupStrategy(base), ""
