"""What a backup says about itself: one canonical JSON text that carries its own checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from sodaf_nb.backup.codecs import CODECS, data_file
from sodaf_nb.backup.digest import Rows, content_digest, grouped_digest
from sodaf_nb.backup.ids import is_id
from sodaf_nb.schema import canonical

FORMAT = 3
"""What is written; formats 1, which had full backups only, and 2, which named no database id, are still read."""

STRATEGIES = ("full", "column", "incremental")
MANIFEST_FILE = "manifest.json"

# Bytes; the CREATE TABLE text of 2000 columns is well below. More was not written here.
MANIFEST_LIMIT = 16 * 1024 * 1024


class ManifestError(Exception):
    """A manifest is not one of ours, or was changed after it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that is known of a backup without reading its data.

    Args:
        id: The backup's id, which is also the folder's name.
        strategy: What was saved: `full`, `column` or `incremental`.
        doctype: The DocType it was taken for.
        table: The table's name.
        migration_id: The migration it protects; None for one taken by hand.
        created_at: Time in UTC, ISO 8601 with microseconds.
        database: The database's name as shown to people.
        database_id: The database's own id (`identity_of`); None when it had none, or the format is older.
        schema_fingerprint: Fingerprint of the schema it was taken from; empty when not given.
        columns: (name, declared type) of the saved columns, in order.
        row_count: Number of rows; of an incremental backup those of the whole table then.
        create_sql: The CREATE TABLE text, word for word; of a column backup that of key and columns alone.
        objects: (kind, name, SQL) of the table's indexes and triggers.
        sequence: The AUTOINCREMENT counter; None when there is none.
        content_digest: SHA-256 of the typed rows; of an incremental backup those of the whole table then.
        codec: How the data is packed.
        plain_size: Bytes of the unpacked SQLite file.
        plain_sha256: SHA-256 of the unpacked SQLite file.
        stored_size: Bytes of the data file.
        stored_sha256: SHA-256 of the data file.
        key: Columns that find every row again later; empty when the table has no such key.
        base_id: The backup an incremental one builds on; None for the others.
        base_sha256: SHA-256 of that backup's manifest, and so of the whole chain below; None for the others.
        note: Why something else was saved than asked for; empty when it was not.
        recipients: Public keys of those who can open the data, which is then encrypted; empty when it is not.
        format: The format it is written in.
    """

    id: str
    strategy: str
    doctype: str
    table: str
    migration_id: str | None
    created_at: str
    database: str
    schema_fingerprint: str
    columns: tuple[tuple[str, str], ...]
    row_count: int
    create_sql: str
    objects: tuple[tuple[str, str, str], ...]
    sequence: int | None
    content_digest: str
    codec: str
    plain_size: int
    plain_sha256: str
    stored_size: int
    stored_sha256: str
    key: tuple[str, ...] = ()
    base_id: str | None = None
    base_sha256: str | None = None
    note: str = ""
    recipients: tuple[str, ...] = ()
    database_id: str | None = None
    format: int = FORMAT

    @property
    def data_file(self) -> str:
        """The data file's name."""
        return data_file(self.codec, encrypted=bool(self.recipients))

    def to_bytes(self) -> bytes:
        """Return the one text that stands for this manifest."""
        body = {name: getattr(self, name) for name in _names(self.format)} | {"data_file": self.data_file}
        return canonical({**body, "checksum": _sha256(canonical(body).encode())}).encode()

    @property
    def sha256(self) -> str:
        """SHA-256 of the stored text; a history that keeps it notices any exchanged backup."""
        return _sha256(self.to_bytes())

    def digest(self, chunks: Iterable[Rows]) -> str:
        """Return the content digest of rows, as this manifest's format means it."""
        return content_digest(chunks) if self.format > 1 else grouped_digest(chunks)


def _names(version: int) -> list[str]:
    return [field.name for field in fields(Manifest) if _SINCE.get(field.name, 1) <= version]


def parse_manifest(raw: bytes) -> Manifest:
    """Return the manifest a text stands for.

    Raises:
        ManifestError: If it is not exactly the text that `to_bytes` writes.
    """
    data = _load(raw)
    version = _checked("format", data.get("format"))
    manifest = Manifest(**{name: _checked(name, data.get(name)) for name in _names(version)})
    if not _is_consistent(manifest):
        raise ManifestError(f"the manifest is not that of a backup of strategy {manifest.strategy}")
    # Equal bytes prove the checksum, the data file's name and that nothing else stands in the text.
    if manifest.to_bytes() != raw:
        raise ManifestError("the manifest's checksum does not fit its text")
    return manifest


def _load(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise ManifestError("the manifest is not JSON") from None
    if not isinstance(data, dict):
        raise ManifestError("the manifest is not a JSON object")
    return data


def _is_consistent(manifest: Manifest) -> bool:
    based = (manifest.base_id is not None, manifest.base_sha256 is not None)
    if based != (manifest.strategy == "incremental",) * 2:
        return False
    # Without a key, a restore of columns would write to rows it does not know.
    keyed = manifest.strategy != "column" or 0 < len(manifest.key) < len(manifest.columns)
    return keyed and set(manifest.key) <= dict(manifest.columns).keys()


def _checked(name: str, value: Any) -> Any:
    ok, make = _FIELDS.get(name, (_is_text, _same))
    if not ok(value):
        raise ManifestError(f"the manifest has no usable {name}")
    return make(value)


def _same(value: Any) -> Any:
    return value


def _rows(value: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_rows_of(width: int) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return isinstance(value, list) and all(
            isinstance(row, list) and len(row) == width and all(map(_is_text, row)) for row in value
        )

    return check


# Fields that came after format 1: the format they came with.
_SINCE: Mapping[str, int] = MappingProxyType(
    {"key": 2, "base_id": 2, "base_sha256": 2, "note": 2, "recipients": 2, "database_id": 3}
)

# Fields that are not simply text: what is accepted, and how JSON becomes the value.
_FIELDS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    "format": (lambda v: type(v) is int and 1 <= v <= FORMAT, _same),
    "strategy": (lambda v: v in STRATEGIES, _same),
    "key": (_is_texts, tuple),
    "base_id": (lambda v: v is None or (_is_text(v) and is_id(v)), _same),
    "base_sha256": (lambda v: v is None or _is_text(v), _same),
    "id": (lambda v: _is_text(v) and is_id(v), _same),
    "database_id": (lambda v: v is None or _is_text(v), _same),
    "migration_id": (lambda v: v is None or _is_text(v), _same),
    "columns": (_is_rows_of(2), _rows),
    "objects": (_is_rows_of(3), _rows),
    "recipients": (_is_texts, tuple),
    "sequence": (lambda v: v is None or type(v) is int, _same),
    "row_count": (_is_count, _same),
    "plain_size": (_is_count, _same),
    "stored_size": (_is_count, _same),
    "codec": (lambda v: _is_text(v) and v in CODECS, _same),
}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
