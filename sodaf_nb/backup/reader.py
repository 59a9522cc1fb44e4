"""Reads published backups and believes nothing: every hash, size, name and row is checked again.

It shares no state with what wrote the backup, so what it accepts can be restored.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from sodaf_nb.backup.codecs import CHUNK, CODECS, CodecError
from sodaf_nb.backup.encryption import HOW_TO_OPEN, EncryptionError, decrypt
from sodaf_nb.backup.ids import require_id
from sodaf_nb.backup.manifest import MANIFEST_FILE, MANIFEST_LIMIT, Manifest, ManifestError, parse_manifest
from sodaf_nb.backup.store import BackupStore, Folder
from sodaf_nb.database.sidefile import (
    ROWS,
    SideFileError,
    TableFacts,
    apply_changes,
    check_side,
    exact_rows,
    open_side,
)
from sodaf_nb.database.workspace import workspace
from sodaf_nb.errors import MigrationRestoreError, Step

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

    def value_columns(self) -> tuple[str, ...]:
        """Return the names of the columns that are not part of the key."""
        return tuple(name for name, _type in self.facts.columns if name not in self.manifest.key)


def read_manifest(store: BackupStore, backup_id: str) -> Manifest:
    """Return the checked manifest of a backup and of what it builds on; of the data, only the size is looked at.

    Raises:
        MigrationRestoreError: If there is no such backup, or it is damaged.
    """
    return _chain(store, backup_id)[0]


@contextmanager
def unpacked(
    store: BackupStore, backup_id: str, identities: Identities, *, batch_size: int = ROWS, hashed: str | None = None
) -> Iterator[Unpacked]:
    """Unpack a backup into a private file, check everything, and delete the file afterwards.

    An incremental backup comes as the whole table as it was then, put together from its chain: every link is
    checked, and what results too.

    Args:
        store: Where it is.
        backup_id: Its id.
        identities: Gives the secret keys at hand; asked for each link of its chain that is encrypted.
        batch_size: Rows hashed at a time.
        hashed: SHA-256 of a side file whose rows the caller has just hashed for the manifest; the same bytes
            need no second look row by row. None for any other caller.

    Raises:
        MigrationRestoreError: If there is no such backup, or any check fails.
    """
    chain = _chain(store, backup_id)
    with workspace("backup") as scratch:
        path = Path(scratch) / "data.sqlite"
        with _damage(store, backup_id):
            _assemble(store, chain, path, identities)
            rows_known = len(chain) == 1 and chain[0].plain_sha256 == hashed
            facts = _check_rows(chain[0], path, batch_size=None if rows_known else batch_size)
        yield Unpacked(manifest=chain[0], facts=facts, path=path)


def found(store: BackupStore, backup_id: str, recorded: str | Path | None) -> BackupStore:
    """Return where a backup is: the store, or the directory of the folder that it once had.

    Raises:
        MigrationRestoreError: If it is in neither.
    """
    places = [store, *([BackupStore(Path(recorded).parent)] if recorded else [])]
    place = next((p for p in places if p.path(require_id(backup_id)).exists()), None)
    if place is None and recorded:
        looked = " nor in ".join(dict.fromkeys(str(p.directory) for p in places))
        raise MigrationRestoreError(
            f"Backup {backup_id} is not in {looked}.",
            hint="put its folder into one of them, or name the right backup_dir",
        )
    return place or store


def _chain(store: BackupStore, backup_id: str) -> list[Manifest]:
    """Return the manifests of a backup and of all it builds on, down to a full one.

    Each names the hash of the next, so none can be exchanged, and the chain cannot lead back to itself.
    """
    chain = [_own_manifest(store, require_id(backup_id))]
    with _damage(store, backup_id):
        while chain[-1].base_id is not None:
            chain.append(_base_of(chain[-1], store))
    return chain


def _base_of(manifest: Manifest, store: BackupStore) -> Manifest:
    try:
        base = _own_manifest(store, str(manifest.base_id))
    except MigrationRestoreError as error:
        raise ManifestError(f"what it builds on is missing or damaged ({error.message.rstrip('.')})") from None
    _require(base.sha256 == manifest.base_sha256, f"it was built on another backup {base.id} than the one there now")
    _require(_definition(base) == _definition(manifest), f"backup {base.id} is of another table than what builds on it")
    return base


def _definition(manifest: Manifest) -> tuple[object, ...]:
    return (manifest.table, manifest.create_sql, manifest.columns, manifest.strategy == "column")


def manifests(store: BackupStore, backup_id: str) -> list[Manifest]:
    """Return the checked manifests of a backup and of all it builds on, itself first.

    Raises:
        MigrationRestoreError: If there is no such backup, or it is damaged.
    """
    return _chain(store, backup_id)


def base_id_of(store: BackupStore, backup_id: str) -> str | None:
    """Return the id of what a backup builds on, damaged data or not; None when it is nothing, or unknown."""
    try:
        with _damage(store, backup_id), store.folder(backup_id) as folder:
            return _parsed(folder, backup_id).base_id
    except MigrationRestoreError:
        return None


def _own_manifest(store: BackupStore, backup_id: str) -> Manifest:
    with _damage(store, backup_id), store.folder(backup_id) as folder:
        return _manifest_of(folder, backup_id)


def _assemble(store: BackupStore, chain: list[Manifest], path: Path, identities: Identities) -> None:
    """Unpack the last of a chain, and bring the file to the state of each link above it."""
    _unpack_data(store, chain[-1], path, identities)
    if len(chain) == 1:
        return
    with open_side(path) as connection:
        facts = check_side(connection, chain[-1].table)
    for manifest in reversed(chain[:-1]):
        changes = path.with_name("changes.sqlite")
        _unpack_data(store, manifest, changes, identities)
        apply_changes(path, changes, facts)
        changes.unlink()


def _unpack_data(store: BackupStore, manifest: Manifest, path: Path, identities: Identities) -> None:
    with store.folder(manifest.id) as folder, folder.open(manifest.data_file) as stored:
        _unpack(manifest, stored, path, identities)


@contextmanager
def _damage(store: BackupStore, backup_id: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ManifestError, CodecError, SideFileError) as error:
        if isinstance(error, FileNotFoundError) and not store.path(backup_id).exists():
            raise MigrationRestoreError(
                f"There is no backup {backup_id}.", hint=("those there are: ", Step("backups"))
            ) from None
        raise MigrationRestoreError(
            f"Backup {backup_id} cannot be used: {error}.", hint=("use another backup of ", Step("backups"))
        ) from None


def _parsed(folder: Folder, backup_id: str) -> Manifest:
    with folder.open(MANIFEST_FILE) as file:
        manifest = parse_manifest(_read_all(file, MANIFEST_LIMIT))
    if manifest.id != backup_id:
        raise ManifestError("it was renamed or exchanged: the manifest names another id")
    return manifest


def _manifest_of(folder: Folder, backup_id: str) -> Manifest:
    manifest = _parsed(folder, backup_id)
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


def _check_rows(manifest: Manifest, path: Path, *, batch_size: int | None) -> TableFacts:
    with open_side(path) as connection:
        facts = check_side(connection, manifest.table)
        _require(facts.create_sql == manifest.create_sql, "its table is not the one the manifest names")
        _require(facts.columns == manifest.columns, "its columns are not those the manifest names")
        if batch_size is not None:
            counts: list[int] = []
            digest = manifest.digest(counted(exact_rows(connection, "main", facts, size=batch_size), counts))
            _require(sum(counts) == manifest.row_count, "it has another number of rows than was saved")
            _require(digest == manifest.content_digest, "its rows are not those that were saved")
    return facts


def counted(chunks: Iterable[Rows], counts: list[int]) -> Iterator[Rows]:
    """Yield chunks of rows and note how many rows each has."""
    for rows in chunks:
        counts.append(len(rows))
        yield rows


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise ManifestError(otherwise)


def shown_rows(copy: Unpacked, batch_size: int) -> Rows:
    """Return the rows for people to look at; bytes that are no UTF-8 show as hexadecimal escapes."""
    first = 1 if copy.facts.rowid else 0
    with open_side(copy.path) as connection:
        chunks = exact_rows(connection, "main", copy.facts, size=batch_size)
        return [tuple(map(_shown, row[first:])) for rows in chunks for row in rows]


def _shown(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytearray) else value
