"""Folders of backups: written once, published by a rename, read without following links."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sodaf_nb.backup.ids import is_id

PARTIAL = ".partial-"

Write = Callable[[bytes], None]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a planted pipe would wait for ever.
_OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Draft:
    """A private folder that is not published yet.

    Args:
        fd: Descriptor of the folder.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @contextmanager
    def file(self, name: str) -> Iterator[Write]:
        """Yield what writes to a new file of mode 0600; it is on the disk when the block ends."""
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=self._fd)
        try:
            _require_private(fd, 0o077)
            yield lambda data: _write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)


class Folder:
    """A published backup's folder, opened without following links.

    Args:
        fd: Descriptor of the folder.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def names(self) -> set[str]:
        """Return the names of everything in it."""
        return set(os.listdir(self._fd))  # noqa: PTH208  a path could lead elsewhere by now

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a regular file for reading.

        Raises:
            OSError: If it is missing, a link, no regular file, or writable by others.
        """
        fd = os.open(name, _OLD_FILE, dir_fd=self._fd)
        with os.fdopen(fd, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(f"{name} is not a regular file")
            _require_private(fd, 0o022)
            yield file


class BackupStore:
    """The directory that holds one folder a backup.

    Args:
        directory: Where it is; made with mode 0700 by the first backup.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory).expanduser().absolute()

    def path(self, backup_id: str) -> Path:
        """Return the folder of a checked id."""
        return self.directory / backup_id

    @contextmanager
    def draft(self, backup_id: str) -> Iterator[Draft]:
        """Run a block that fills a private folder, then publish it; on any error nothing is left.

        Everything is on the disk before the rename, and the rename before the block's caller goes on
        (protocol P6). A folder that exists is never replaced.

        Raises:
            OSError: If the disk refuses, or others could write to the directory.
        """
        self._make_directory()
        partial = f"{PARTIAL}{backup_id}"
        with _folder(str(self.directory)) as base:
            _require_owned(base)
            os.mkdir(partial, 0o700, dir_fd=base)
            mine = partial
            try:
                with _folder(partial, os.O_NOFOLLOW, base) as fd:
                    _require_private(fd, 0o077)
                    _hold(fd)
                    yield Draft(fd)
                    os.fsync(fd)
                os.rename(partial, backup_id, src_dir_fd=base, dst_dir_fd=base)
                mine = backup_id
                os.fsync(base)
            except BaseException:
                self.discard(mine)
                raise

    def _make_directory(self) -> None:
        if self.directory.is_dir():
            return
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self.directory.mkdir(mode=0o700, exist_ok=True)
        with _folder(str(self.directory.parent)) as parent:
            os.fsync(parent)

    @contextmanager
    def folder(self, backup_id: str) -> Iterator[Folder]:
        """Open the folder of a checked id.

        Raises:
            OSError: If it is missing, a link, or writable by others.
        """
        with _folder(str(self.directory)) as base, _folder(backup_id, os.O_NOFOLLOW, base) as fd:
            _require_private(fd, 0o022)
            yield Folder(fd)

    def ids(self) -> list[str]:
        """Return the names that can be backups, links and damaged ones included."""
        return [name for name in self._names() if is_id(name)]

    def strangers(self) -> list[str]:
        """Return folders that are neither backups nor drafts."""
        return [n for n in self._names() if not is_id(n) and not n.startswith(PARTIAL) and self.path(n).is_dir()]

    def drafts(self) -> list[str]:
        """Return what is being written or was left by a crash."""
        return [name for name in self._names() if name.startswith(PARTIAL)]

    def leftovers(self, before: float) -> list[str]:
        """Return drafts that nobody holds and nothing was written to since a time, in seconds since 1970."""
        return [name for name in self.drafts() if self._touched(name) < before and not self._is_held(name)]

    def abandoned(self) -> list[str]:
        """Return drafts whose maker is dead: the lock that it held is free. Without locks nothing is known."""
        return [name for name in self.drafts() if self._is_free(name)]

    def _is_free(self, name: str) -> bool:
        try:
            with _folder(str(self.path(name)), os.O_NOFOLLOW) as fd:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _touched(self, name: str) -> float:
        draft = self.path(name)
        inside = draft.iterdir() if draft.is_dir() and not draft.is_symlink() else ()
        return max(float(path.lstat().st_mtime) for path in (draft, *inside))

    def _is_held(self, name: str) -> bool:
        try:
            with _folder(str(self.path(name)), os.O_NOFOLLOW) as fd:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a planted file or link: nobody is writing there
            return False
        return False

    def _names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []

    def remove(self, name: str) -> None:
        """Delete a backup or a draft; renamed first, so that half a backup is never seen as one.

        Raises:
            OSError: If the file system refuses.
        """
        doomed = self.path(name)
        if is_id(name):
            doomed = self.path(f"{PARTIAL}{name}-removed")
            self.path(name).rename(doomed)
        if doomed.is_symlink() or doomed.is_file():
            doomed.unlink()
        else:
            shutil.rmtree(doomed)

    def discard(self, name: str) -> None:
        """Delete a folder as far as possible; the error that led here is the one to report."""
        with suppress(OSError):
            self.remove(name)


@contextmanager
def _folder(name: str, flags: int = 0, base: int | None = None) -> Iterator[int]:
    fd = os.open(name, _FOLDER | flags, dir_fd=base)
    try:
        yield fd
    finally:
        os.close(fd)


def _hold(fd: int) -> None:
    # Dies with its maker, so that no cleanup takes a draft away that takes hours. Some file systems cannot
    # do this; there, a draft that is still written to is told by its time.
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _require_private(fd: int, forbidden: int) -> None:
    # Asked, not assumed: some file systems ignore modes (trap S28).
    mode = stat.S_IMODE(os.fstat(fd).st_mode)
    if mode & forbidden:
        raise PermissionError(f"mode {mode:04o} lets others in; take their rights away with chmod go-rwx")


def _require_owned(fd: int) -> None:
    _require_private(fd, 0o022)
    if os.fstat(fd).st_uid != os.geteuid():
        raise PermissionError("the backup directory belongs to another user")


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
