"""Every call that a run makes to the engine or to the file system, by name, and what is done around one of them.

The product has no hooks for it: the driver's connections and the functions of `os`, `io` and `fcntl` are
wrapped for the length of a block, and only calls of the thread that runs the block count.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

# `fstat` and its like only look, and nothing is read in pieces of our own making.
FILES = (
    *((os, name) for name in ("open", "close", "write", "fsync", "rename", "unlink", "rmdir", "mkdir", "chmod")),
    *((os, name) for name in ("listdir", "scandir")),
    (io, "open"),
    (builtins, "open"),
    (fcntl, "flock"),
)

Around = Callable[[str, Callable[[], Any]], Any]
"""Gets a call's name and makes the call: `file fsync .partial-ID/data.zst`, `sql COMMIT`."""


@contextmanager
def watched(around: Around) -> Iterator[None]:
    """Let every call of this thread go through a function for the length of a block."""
    mine = threading.get_ident()
    inside = False  # a call that is made of other calls is one

    def guarded(name: Callable[[], str], call: Callable[[], Any]) -> Any:
        nonlocal inside
        if inside or threading.get_ident() != mine:
            return call()
        inside = True
        try:
            return around(name(), call)
        finally:
            inside = False

    with ExitStack() as stack:
        for module, function in FILES:
            stack.enter_context(patch.object(module, function, _file(getattr(module, function), function, guarded)))
        stack.enter_context(patch.object(sqlite3, "connect", _connect(sqlite3.connect, guarded)))
        real = psycopg.Connection.execute

        def execute(self, query, *args, **options):
            return guarded(lambda: f"sql {_plain(query)}", lambda: real(self, query, *args, **options))

        stack.enter_context(patch.object(psycopg.Connection, "execute", execute))
        yield


def _file(real, function, guarded):
    def wrapped(*args, **options):
        return guarded(lambda: f"file {function} {_target(args, options)}", lambda: real(*args, **options))

    return wrapped


def _target(args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Return what a call is about: the last two parts of the path, the ids of backups and random names aside."""
    first = args[0] if args else ""
    if isinstance(first, int):
        link = f"/proc/self/fd/{first}"
        first = os.readlink(link) if os.path.lexists(link) else "closed"  # noqa: PTH115
    path = os.fsdecode(first) if isinstance(first, (str, bytes, os.PathLike)) else str(first)
    path = re.sub(r"\b[0-9A-Z]{26}\b", "ID", path)
    return "/".join(re.sub(r"(sodaf-[a-z]+-)\w{8}", r"\1N", path).split("/")[-2:])


def _connect(real, guarded):
    def connect(*args, **options):
        class Cursor(sqlite3.Cursor):
            def execute(self, sql, *params):
                return guarded(lambda: f"sql {_plain(sql)}", lambda: super(Cursor, self).execute(sql, *params))

        class Connection(sqlite3.Connection):
            def cursor(self, *given):
                return super().cursor(Cursor)

            def execute(self, sql, *params):
                return self.cursor().execute(sql, *params)

        return real(*args, **{"factory": Connection, **options})

    return connect


def _plain(sql: Any) -> str:
    return " ".join(str(sql).split())
