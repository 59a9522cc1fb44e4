"""One hash for the content of a table: what is the same in every file that holds the same rows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any

_TAGS = {type(None): "n", int: "i", float: "f", bytearray: "t", bytes: "b"}


def content_digest(chunks: Iterable[Sequence[tuple[Any, ...]]]) -> str:
    """Return the SHA-256, in hex, of typed rows as `sidefile.exact_rows` yields them.

    Storage classes, NULs, invalid UTF-8, the sign of zero and every bit of a number count. Rows are
    packed column by column, 1000 at a time, which is part of the digest's meaning: 200 000 rows of 17
    columns take 1.8 s of processor time, of which reading them is 1.1 s; value by value takes 2.7 s.
    """
    digest = hashlib.sha256()
    for rows in chunks:
        digest.update(struct.pack("<I", len(rows)))
        for column in zip(*rows, strict=True):
            digest.update(_packed(column))
    return digest.hexdigest()


def _packed(values: Sequence[Any]) -> bytes:
    kinds = list(map(type, values))
    present = set(kinds)
    parts: list[bytes | bytearray] = ["".join(map(_TAGS.__getitem__, kinds)).encode()]
    for kind, code in ((int, "q"), (float, "d")):
        if kind in present:
            numbers = _only(values, present, {kind})
            parts.append(struct.pack(f"<{len(numbers)}{code}", *numbers))
    strings = _only(values, present, {bytes, bytearray})
    parts += [struct.pack(f"<{len(strings)}Q", *map(len, strings)), *strings]
    return b"".join(parts)


def _only(values: Sequence[Any], present: set[type], kinds: set[type]) -> Sequence[Any]:
    # Most columns hold one kind, or none of these: then nothing is looked at one by one.
    if present <= kinds:
        return values
    return [v for v in values if type(v) in kinds] if present & kinds else ()
