"""Databases that pyproject.toml knows, found by address: opening one another way does not go around its profile."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context
from sodaf_nb.config import Source
from sodaf_nb.errors import SodafError

if TYPE_CHECKING:
    from sodaf_nb.database import Database


def named_source(context: Context, database: Database) -> Source | None:
    """Return the connection of that address that pyproject.toml names; None when it names none."""
    from sodaf_nb.database import Database  # noqa: PLC0415  light start

    for source in context.config.connections.values():
        with suppress(SodafError):  # an address that is not set here is not this one
            if Database(source.address()).uri == database.uri:
                return source
    return None
