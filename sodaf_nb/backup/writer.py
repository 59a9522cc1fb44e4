"""Packs a side file into a draft folder, encrypted if asked, and writes the manifest that describes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from sodaf_nb.backup.codecs import CHUNK, CODECS, data_file
from sodaf_nb.backup.encryption import encrypt
from sodaf_nb.backup.manifest import MANIFEST_FILE, Manifest
from sodaf_nb.backup.store import Draft, Write

# Makes the manifest from plain size and hash, stored size and hash.
Describe = Callable[[int, str, int, str], Manifest]


def write_backup(draft: Draft, path: Path, codec: str, describe: Describe, readers: Collection[str] = ()) -> Manifest:
    """Write data file and manifest, the manifest last, and return it.

    Args:
        draft: Where to.
        path: The side file.
        codec: How it is packed.
        describe: Makes the manifest.
        readers: Public keys the packed bytes are encrypted for; none leaves them as they are.
    """
    plain, stored = _Meter(), _Meter()
    packed = CODECS[codec].pack(plain.passing(_chunks(path)))
    with draft.file(data_file(codec, encrypted=bool(readers))) as write:
        if readers:
            encrypt(packed, stored.before(write), readers)
        else:
            _move(packed, stored.before(write))
    manifest = describe(plain.size, plain.sha256, stored.size, stored.sha256)
    with draft.file(MANIFEST_FILE) as write:
        write(manifest.to_bytes())
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
            self._note(chunk)
            yield chunk

    def before(self, write: Write) -> Write:
        def noted(chunk: bytes) -> None:
            self._note(chunk)
            write(chunk)

        return noted

    def _note(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)


def _move(chunks: Iterable[bytes], write: Write) -> None:
    for chunk in chunks:
        write(chunk)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
