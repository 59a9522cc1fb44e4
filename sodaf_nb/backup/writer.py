"""Packs a side file into a draft folder and writes the manifest that describes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sodaf_nb.backup.codecs import CHUNK, CODECS, data_file
from sodaf_nb.backup.manifest import MANIFEST_FILE, Manifest
from sodaf_nb.backup.store import Draft

# Makes the manifest from plain size and hash, stored size and hash.
Describe = Callable[[int, str, int, str], Manifest]


def write_backup(draft: Draft, path: Path, codec: str, describe: Describe) -> Manifest:
    """Write data file and manifest, the manifest last, and return it."""
    plain, stored = _Meter(), _Meter()
    packed = CODECS[codec].pack(plain.passing(_chunks(path)))
    draft.write(data_file(codec), stored.passing(packed))
    manifest = describe(plain.size, plain.sha256, stored.size, stored.sha256)
    draft.write(MANIFEST_FILE, [manifest.to_bytes()])
    return manifest


class _Meter:
    """Measures and hashes bytes on their way, so that packing needs one pass."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self._digest.update(chunk)
            yield chunk


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
