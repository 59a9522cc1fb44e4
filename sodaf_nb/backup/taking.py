"""Takes one backup: copied, hashed, written, published, read back and compared with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.backup.digest import content_digest
from sodaf_nb.backup.encryption import public_keys
from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.reader import counted, unpacked
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.backup.strategies import BackupStrategy
from sodaf_nb.backup.writer import write_backup
from sodaf_nb.database.sidefile import SideFileError, TableFacts, check_side, exact_rows, open_side
from sodaf_nb.database.sidefile.held import Held
from sodaf_nb.database.workspace import workspace

if TYPE_CHECKING:
    from pyrage.x25519 import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A backup that is being taken.

    Args:
        store: Where to.
        strategy: What to save.
        source: The live table, held still.
        saved: The facts of the table that the backup will give back.
        codec: How to pack the data.
        recipients: Public keys of those who can open it; empty leaves it unencrypted.
        batch_size: Rows hashed at a time.
        about: What else the manifest says, by field; its id among it.
    """

    store: BackupStore
    strategy: BackupStrategy
    source: Held
    saved: TableFacts
    codec: str
    recipients: tuple[str, ...]
    batch_size: int
    about: Mapping[str, Any]

    def take(self, keys: Sequence[Identity] = ()) -> Manifest:
        """Publish the backup and return its manifest once it is proven; on any error nothing is left.

        Args:
            keys: What an encrypted one is opened with to prove it, see `proof_identities`; not kept.

        Raises:
            EncryptionError: If it cannot be encrypted.
            OSError: If the disk refuses.
            SideFileError: If the engine does, or what was read back is not what the table holds.
            MigrationRestoreError: If it cannot be read back.
        """
        manifest = self._write(public_keys(keys))
        try:
            self._prove(manifest, keys)
        except BaseException:
            self.store.discard(manifest.id)
            raise
        return manifest

    def _write(self, proof: Sequence[str]) -> Manifest:
        # The draft is the outer one: when the scratch folder cannot be removed, nothing is published.
        with self.store.draft(self.about["id"]) as draft, workspace("backup") as scratch:
            path = Path(scratch) / "data.sqlite"
            self.strategy.copy(self.source, self.saved, path)
            rows, digest = self._hashed(path)

            def describe(plain_size: int, plain_sha256: str, stored_size: int, stored_sha256: str) -> Manifest:
                return Manifest(
                    **self._facts(),
                    row_count=rows,
                    content_digest=digest,
                    plain_size=plain_size,
                    plain_sha256=plain_sha256,
                    stored_size=stored_size,
                    stored_sha256=stored_sha256,
                )

            return write_backup(draft, path, self.codec, describe, dict.fromkeys((*self.recipients, *proof)))

    def _facts(self) -> dict[str, Any]:
        saved, base = self.saved, self.strategy.base
        return {
            "strategy": self.strategy.kind,
            "table": saved.name,
            "columns": saved.columns,
            "key": saved.lasting_key,
            "create_sql": saved.create_sql,
            "objects": saved.objects,
            "sequence": saved.sequence,
            "base_id": base.id if base else None,
            "base_sha256": base.sha256 if base else None,
            "codec": self.codec,
            "recipients": self.recipients,
            **self.about,
        }

    def _hashed(self, path: Path) -> tuple[int, str]:
        """Return number and digest of the rows: those of the side file itself, unless it holds changes only."""
        counts: list[int] = []
        if self.strategy.base is not None:
            digest = content_digest(counted(self.source.rows(self.saved, size=self.batch_size), counts))
        else:
            with open_side(path) as side:
                facts = check_side(side, self.saved.name)
                digest = content_digest(counted(exact_rows(side, "main", facts, size=self.batch_size), counts))
        return sum(counts), digest

    def _prove(self, manifest: Manifest, keys: Sequence[Identity]) -> None:
        own = unpacked(self.store, manifest.id, lambda: keys, batch_size=self.batch_size, hashed=manifest.plain_sha256)
        with own as copy:
            if copy.manifest != manifest or not self.strategy.proves(self.source, self.saved, copy.path):
                raise SideFileError("what was read back is not what the table holds")
