"""Results as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from sodaf_nb.schema import encode
from sodaf_nb.validation.findings import Finding


def to_json(value: Any) -> str:
    """Return all fields of a dataclass as JSON, but for the words it is shown in."""
    fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "words"}
    return json.dumps(fields, indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Finding):
        return value.to_data()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return encode(value)
