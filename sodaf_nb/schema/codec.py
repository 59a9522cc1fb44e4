"""Frozen values to canonical JSON and back, and the hash that names them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from typing import Any, TypeVar

from sodaf_nb.schema.types import Kind

T = TypeVar("T")

# Classes that may appear in stored JSON. A name outside this table is refused, so nothing is ever
# constructed from an untrusted name.
_CLASSES: dict[str, type[Any]] = {}


def storable(cls: type[T]) -> type[T]:
    """Register a frozen dataclass so that `decode` may build it; used as a decorator."""
    _CLASSES[cls.__name__] = cls
    return cls


def encode(value: Any) -> Any:
    """Return `value` as plain JSON data; dataclasses carry their class name under `$`.

    Fields that hold their default are left out, so adding a field later keeps old hashes valid.

    Raises:
        TypeError: If something in `value` has no JSON form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: encode(getattr(value, f.name)) for f in _set_fields(value)}
        return {"$": type(value).__name__, **fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _set_fields(value: Any) -> list[dataclasses.Field[Any]]:
    fields = dataclasses.fields(value)
    return [f for f in fields if f.default is dataclasses.MISSING or getattr(value, f.name) != f.default]


def decode(data: Any) -> Any:
    """Return the value that `encode` turned into `data`; JSON lists come back as tuples.

    Raises:
        ValueError: If `data` names a class that is not registered as storable.
    """
    if isinstance(data, list):
        return tuple(decode(item) for item in data)
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: decode(item) for key, item in data.items()}
    name = data["$"]
    if not isinstance(name, str) or name not in _CLASSES:
        raise ValueError(f"unknown stored class {name!r}")
    fields = {key: decode(item) for key, item in data.items() if key != "$"}
    if "kind" in fields and name == "DataType":
        fields["kind"] = Kind(fields["kind"])
    return _CLASSES[name](**fields)


def canonical(value: Any) -> str:
    """Return the one JSON text that stands for `value`: sorted keys, no spaces, ASCII."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
