"""Choices that a project keeps in `[tool.sodaf_nb]` of its pyproject.toml: one home for notebooks and scripts.

```toml
[tool.sodaf_nb]
backup_dir = "backups"      # paths are taken from the folder of the file
doctypes = "doctypes"

[tool.sodaf_nb.connections.shop]
env = "SHOP_URL"            # or url = "sqlite:///shop.db", or url_file = "secrets/shop", or keyring = "shop"
environment = "prod"
protected = true            # each change needs the approval of somebody else
allow = ["DS03", "DS07"]    # findings that may be taken on there at all
viewers = ["guest"]         # accounts that may only look; operators and approvers may change and approve
```
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sodaf_nb.access import Access
from sodaf_nb.errors import UsageError
from sodaf_nb.keyrings import PREFIX, KeyringError, secret

_FILE = "pyproject.toml"

# `user:password@` before the host, or a parameter that holds one. The parts of a file path that look
# alike are left alone: after `sqlite:///` there is no host.
_SECRET = re.compile(r"://(?!/)[^/@]*:[^@]+@|[?&;](password|passwd|pwd|odbc_connect)=", re.IGNORECASE)

_RELATIVE = re.compile(r"(sqlite(?:\+\w+)?:///)([^/].*)")


def holds_secret(url: str) -> bool:
    """Return True for an address that a password stands in."""
    return bool(_SECRET.search(url))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A connection that the project names.

    Args:
        name: Its name.
        url: The address; None when it is elsewhere. Never one with a password.
        env: The environment variable that holds it; None when it is elsewhere.
        url_file: The file that holds it; None when it is elsewhere.
        keyring: The entry of the keyring that holds it; None when it is elsewhere.
        choices: Choices for it alone, by their names in `ApplyOptions`.
    """

    name: str
    url: str | None = field(default=None, repr=False)
    env: str | None = None
    url_file: Path | None = None
    keyring: str | None = None
    choices: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def address(self) -> str:
        """Return the address.

        Raises:
            UsageError: If the variable is not set, or the file or the keyring cannot be read.
        """
        if self.keyring is not None:
            return address_in_keyring(self.keyring)
        if self.env is not None:
            if not (found := os.environ.get(self.env)):
                raise UsageError(
                    f"The environment variable {self.env} of connection {self.name} is not set.",
                    hint="set it before Jupyter starts",
                )
            return found
        if self.url_file is not None:
            try:
                return self.url_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise UsageError(
                    f"The file with the address of connection {self.name} cannot be read.",
                    hint=f"look at url_file in {_FILE}",
                ) from None
        return str(self.url)


def address_in_keyring(name: str) -> str:
    """Return the address that the keyring holds under a name.

    Raises:
        UsageError: If it does not give one.
    """
    try:
        return secret(name)
    except KeyringError as error:
        raise UsageError(
            "The address of the database is not read from the keyring.",
            hint=f"{error}; an environment variable or a file can hold it as well",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a project chose.

    Args:
        file: Where it stands; None when no pyproject.toml has the section.
        choices: Choices for every connection, by their names in `ApplyOptions`.
        doctypes: The folder of the DocTypes; None when it is not named.
        connections: Connections by name.
    """

    file: Path | None = None
    choices: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    doctypes: Path | None = None
    connections: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))


def nearest(folder: Path) -> Config:
    """Return what the nearest pyproject.toml with a `[tool.sodaf_nb]` says, from `folder` upwards.

    Raises:
        UsageError: If the file cannot be read, or says something unknown.
    """
    for place in (folder, *folder.parents):
        file = place / _FILE
        try:
            changed = file.stat().st_mtime_ns
        except OSError:
            continue
        if (found := _read(file, changed)) is not None:
            return found
    return Config()


@lru_cache(maxsize=16)
def _read(file: Path, _changed: int) -> Config | None:
    """Return what a file says; None when it has no section of ours. The time of its change only names the version."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{_FILE} cannot be read: {error}.", hint="mend it, or leave the section out") from None
    section = data.get("tool", {}).get("sodaf_nb")
    return None if section is None else _Reading(file).config(section)


Check = Callable[["_Reading", str, Any], object]


class _Reading:
    """Reads one section; every problem names its key.

    Args:
        file: The file the section stands in.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def config(self, section: Any) -> Config:
        found = self.table("tool.sodaf_nb", section)
        known = (*_CHOICES, "doctypes", "connections")
        self.require_known("tool.sodaf_nb", found, known)
        sources = self.table("connections", found.get("connections", {}))
        return Config(
            file=self._file,
            choices=self.choices("tool.sodaf_nb", found),
            doctypes=self.path("doctypes", found["doctypes"]) if "doctypes" in found else None,
            connections=MappingProxyType({name: self.source(name, value) for name, value in sources.items()}),
        )

    def source(self, name: str, value: Any) -> Source:
        where = f"connections.{name}"
        found = self.table(where, value)
        self.require_known(where, found, (*_ADDRESSES, *_CHOICES, *_ACCESS))
        given = [key for key in _ADDRESSES if key in found]
        if len(given) != 1:
            raise self.problem(where, f"needs one of {', '.join(_ADDRESSES)}")
        return Source(
            name=name,
            url=self.url(where, found["url"]) if "url" in found else None,
            env=str(self.text(f"{where}.env", found["env"])) if "env" in found else None,
            url_file=self.path(f"{where}.url_file", found["url_file"]) if "url_file" in found else None,
            keyring=self.text(f"{where}.keyring", found["keyring"]) if "keyring" in found else None,
            choices=MappingProxyType({**self.choices(where, found), **self.access(where, found)}),
        )

    def access(self, where: str, found: Mapping[str, Any]) -> Mapping[str, Access]:
        """Return the profile of a connection, as the choice of that name; nothing when the file says nothing of it."""
        said = {key: check(self, f"{where}.{key}", found[key]) for key, check in _ACCESS.items() if key in found}
        return {"access": Access(**said)} if said else {}  # type: ignore[arg-type]  # checked just now

    def url(self, where: str, value: Any) -> str:
        text = self.text(f"{where}.url", value)
        if holds_secret(text):
            raise self.problem(f"{where}.url", "holds a password, which must not stand in a file of the project")
        if relative := _RELATIVE.fullmatch(text):
            return f"{relative[1]}{self._file.parent / relative[2]}"
        return text

    def choices(self, where: str, found: Mapping[str, Any]) -> Mapping[str, object]:
        return MappingProxyType(
            {key: check(self, f"{where}.{key}", found[key]) for key, check in _CHOICES.items() if key in found}
        )

    def require_known(self, where: str, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
        unknown = next((key for key in found if key not in known), None)
        if unknown is not None:
            near = difflib.get_close_matches(unknown, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"{_FILE}: [{where}] has an unknown key {unknown!r}.", hint=hint)

    def table(self, where: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.problem(where, "must be a table")
        return value

    def text(self, where: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise self.problem(where, "must be a text")
        return value

    def path(self, where: str, value: Any) -> Path:
        return self._file.parent / Path(self.text(where, value)).expanduser()

    def folder(self, where: str, value: Any) -> str:
        return str(self.path(where, value))

    def identity(self, where: str, value: Any) -> str:
        if str(value).upper().startswith("AGE-SECRET-KEY"):
            raise self.problem(where, "must name the file of the key, not the key itself")
        return str(value) if str(value).startswith(PREFIX) else self.folder(where, value)

    def texts(self, where: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.problem(where, "must be a list of texts")
        return tuple(self.text(where, each) for each in value)

    def names(self, where: str, value: Any) -> frozenset[str]:
        return frozenset(self.texts(where, value))

    def flag(self, where: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.problem(where, "must be true or false")
        return value

    def seconds(self, where: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise self.problem(where, "must be a number of seconds above 0")
        return float(value)

    def number(self, where: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.problem(where, "must be a whole number from 0 up")
        return value

    def severities(self, where: str, value: Any) -> Mapping[str, str]:
        one = _one_of("info", "warn", "block")
        return MappingProxyType({r: str(one(self, f"{where}.{r}", s)) for r, s in self.table(where, value).items()})

    def problem(self, where: str, what: str) -> UsageError:
        return UsageError(f"{_FILE}: {where.removeprefix('tool.sodaf_nb.')} {what}.")


def _one_of(*words: str) -> Check:
    def check(reading: _Reading, where: str, value: Any) -> object:
        if value not in words:
            raise reading.problem(where, f"must be one of {', '.join(words)}")
        return value

    return check


_ADDRESSES = ("url", "env", "url_file", "keyring")

# Each key with its check; the names are those of `ApplyOptions`.
_CHOICES: Mapping[str, Check] = MappingProxyType(
    {
        "backup_dir": _Reading.folder,
        "backup": _one_of("auto", "full", "column", "incremental"),
        "compression": _one_of("zstd", "gzip", "none"),
        "recipients": _Reading.texts,
        "identity": _Reading.identity,
        "environment": _Reading.text,
        "applied_by": _Reading.text,
        "lock_timeout_s": _Reading.seconds,
        "statement_timeout_s": _Reading.seconds,
        "retries": _Reading.number,
        "policy": _Reading.severities,
    }
)

# What only a connection has: who may do what on it, by the names of `Access`.
_ACCESS: Mapping[str, Check] = MappingProxyType(
    {
        "protected": _Reading.flag,
        "allow": _Reading.names,
        "viewers": _Reading.names,
        "operators": _Reading.names,
        "approvers": _Reading.names,
    }
)
