"""Reads published backups and believes nothing: every hash, size, name and row is checked again.

It shares no state with what wrote the backup, so what it accepts can be restored.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from sodaf_nb.backup.codecs import CHUNK, CODECS, CodecError
from sodaf_nb.backup.digest import content_digest
from sodaf_nb.backup.encryption import HOW_TO_OPEN, EncryptionError, decrypt
from sodaf_nb.backup.ids import require_id
from sodaf_nb.backup.manifest import MANIFEST_FILE, MANIFEST_LIMIT, Manifest, ManifestError, parse_manifest
from sodaf_nb.backup.store import BackupStore, Folder
from sodaf_nb.database.sidefile import SideFileError, TableFacts, check_side, exact_rows, open_side
from sodaf_nb.errors import MigrationRestoreError

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

Rows = list[tuple[Any, ...]]
Identities = Callable[[], "Sequence[Identity]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A backup that passed every check, as a SQLite file.

    Args:
        manifest: What the backup says about itself.
        facts: What the file says about the table.
        path: The file; a private copy that is deleted when the block ends.
    """

    manifest: Manifest
    facts: TableFacts
    path: Path


def workspace() -> AbstractContextManager[str]:
    """Make a folder of mode 0700, gone when the block ends; outside the backups, which may be on a remote disk."""
    return tempfile.TemporaryDirectory(prefix="sodaf-backup-")


def read_manifest(store: BackupStore, backup_id: str) -> Manifest:
    """Return the checked manifest of a backup; of the data, only the size is looked at.

    Raises:
        MigrationRestoreError: If there is no such backup, or it is damaged.
    """
    with _damage(store, backup_id), store.folder(require_id(backup_id)) as folder:
        return _manifest_of(folder, backup_id)


@contextmanager
def unpacked(store: BackupStore, backup_id: str, identities: Identities) -> Iterator[Unpacked]:
    """Unpack a backup into a private file, check everything, and delete the file afterwards.

    Args:
        store: Where the backup is.
        backup_id: Its id.
        identities: Gives the secret keys at hand; asked only when the backup is encrypted.

    Raises:
        MigrationRestoreError: If there is no such backup, or any check fails.
    """
    with workspace() as scratch:
        path = Path(scratch) / "data.sqlite"
        with _damage(store, backup_id), store.folder(require_id(backup_id)) as folder:
            manifest = _manifest_of(folder, backup_id)
            with folder.open(manifest.data_file) as stored:
                _unpack(manifest, stored, path, identities)
            facts = _check_rows(manifest, path)
        yield Unpacked(manifest=manifest, facts=facts, path=path)


@contextmanager
def _damage(store: BackupStore, backup_id: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ManifestError, CodecError, SideFileError) as error:
        if isinstance(error, FileNotFoundError) and not store.path(backup_id).exists():
            raise MigrationRestoreError(
                f"There is no backup {backup_id}.", hint="list_backups() shows those there are"
            ) from None
        raise MigrationRestoreError(
            f"Backup {backup_id} cannot be used: {error}.", hint="use another backup; list_backups() shows them"
        ) from None


def _manifest_of(folder: Folder, backup_id: str) -> Manifest:
    with folder.open(MANIFEST_FILE) as file:
        manifest = parse_manifest(_read_all(file, MANIFEST_LIMIT))
    if manifest.id != backup_id:
        raise ManifestError("it was renamed or exchanged: the manifest names another id")
    if folder.names() != {MANIFEST_FILE, manifest.data_file}:
        raise ManifestError("files are missing from its folder, or others were added")
    with folder.open(manifest.data_file) as stored:
        _require(stored.seek(0, 2) == manifest.stored_size, "the data file has another size than when it was written")
    return manifest


def _read_all(file: BinaryIO, limit: int) -> bytes:
    raw = b""
    # The file is unbuffered: one read may return less than there is.
    while part := file.read(limit + 1 - len(raw)):
        raw += part
    _require(len(raw) <= limit, "the manifest is too large")
    return raw


class _Hashing:
    """A file that hashes what is read from it, so that one pass both checks and unpacks."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = CHUNK) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def read_to_end(self) -> None:
        while self.read():
            pass

    @property
    def sha256(self) -> str:
        # Bytes the codec left unread are missing in the hash, so they are noticed too.
        return self._digest.hexdigest()


def _unpack(manifest: Manifest, stored: BinaryIO, path: Path, identities: Identities) -> None:
    source = _Hashing(stored)
    with _packed(manifest, source, path.parent, identities) as packed:
        size, digest = _write_plain(manifest, packed, path)
    _require(source.sha256 == manifest.stored_sha256, "the data file was changed after it was written")
    _require(size == manifest.plain_size, "its data unpacks to less than was saved")
    _require(digest == manifest.plain_sha256, "its data unpacks to something else than was saved")


@contextmanager
def _packed(manifest: Manifest, source: _Hashing, scratch: Path, identities: Identities) -> Iterator[BinaryIO]:
    """Yield the packed bytes; of an encrypted backup from a private file, so that no codec reads unproven ones."""
    if not manifest.recipients:
        yield cast("BinaryIO", source)
        return
    with tempfile.TemporaryFile(dir=scratch) as packed:
        _decrypt(manifest, source, packed, identities)
        packed.seek(0)
        yield packed


def _decrypt(manifest: Manifest, source: _Hashing, packed: IO[bytes], identities: Identities) -> None:
    with _unopened(manifest):
        keys = identities()
        if not keys:
            raise EncryptionError("no secret key is at hand")
        try:
            decrypt(source.read, packed.write, keys)
        except EncryptionError:
            source.read_to_end()
            _require(source.sha256 == manifest.stored_sha256, "the data file was changed after it was written")
            raise


@contextmanager
def _unopened(manifest: Manifest) -> Iterator[None]:
    try:
        yield
    except EncryptionError as error:
        raise MigrationRestoreError(
            f"Backup {manifest.id} is encrypted and was not opened: {error}.", hint=HOW_TO_OPEN
        ) from None


def _write_plain(manifest: Manifest, packed: BinaryIO, path: Path) -> tuple[int, str]:
    """Unpack into a new file and return size and SHA-256 of what was written."""
    plain = hashlib.sha256()
    size = 0
    with path.open("xb") as scratch:
        for chunk in CODECS[manifest.codec].unpack(packed):
            size += len(chunk)
            # Stops at the first byte too many: a small file may unpack to any size (trap S24).
            _require(size <= manifest.plain_size, "its data unpacks to more than was saved")
            plain.update(chunk)
            scratch.write(chunk)
    return size, plain.hexdigest()


def _check_rows(manifest: Manifest, path: Path) -> TableFacts:
    with open_side(path) as connection:
        facts = check_side(connection, manifest.table)
        _require(facts.create_sql == manifest.create_sql, "its table is not the one the manifest names")
        _require(facts.columns == manifest.columns, "its columns are not those the manifest names")
        counts: list[int] = []
        digest = content_digest(_counted(exact_rows(connection, "main", facts), counts))
        _require(sum(counts) == manifest.row_count, "it has another number of rows than was saved")
        _require(digest == manifest.content_digest, "its rows are not those that were saved")
    return facts


def _counted(chunks: Iterable[Rows], counts: list[int]) -> Iterator[Rows]:
    for rows in chunks:
        counts.append(len(rows))
        yield rows


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise ManifestError(otherwise)
