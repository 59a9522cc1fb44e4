"""Encrypts backups in the age format for any of several recipients, and finds the keys that open them.

A secret key is read when it is needed and kept by nobody: no value of this package holds one, and no
function that raises has a key it read among its variables, where a traceback could show it.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.errors import UsageError
from sodaf_nb.keyrings import PREFIX, KeyringError, secret

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

VARIABLE = "SODAF_NB_IDENTITY"
FILE_VARIABLE = "SODAF_NB_IDENTITY_FILE"

HOW_TO_OPEN = (
    f"give the secret key of one of its recipients: a key file as identity=, the key itself in {VARIABLE}, "
    f"a key file's name in {FILE_VARIABLE}, or {PREFIX}NAME as identity=; sodaf_nb[crypto] must be installed"
)

# Bytes. A recipient takes 98, and the library parses a header without end in quadratic time:
# 8 MiB of it ran for more than five minutes.
_HEADER_LIMIT = 64 * 1024
_HEADER_END = b"\n--- "

# Bytes; a key takes 75.
_KEY_FILE_LIMIT = 64 * 1024

# O_NONBLOCK: opening a planted pipe would wait for ever.
_KEY_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_SECRET = re.compile("AGE-SECRET-KEY-", re.IGNORECASE)


class EncryptionError(Exception):
    """Something cannot be encrypted or decrypted; the text never holds a key."""


def _library() -> Any:
    try:
        import pyrage  # noqa: PLC0415  an optional extra, and only needed here
    except ImportError:
        raise EncryptionError("the package pyrage is missing") from None
    return pyrage


def checked_recipients(recipients: Collection[str]) -> tuple[str, ...]:
    """Return public keys, each once and as age writes it.

    Raises:
        UsageError: If one is no age public key (`age1...`), or pyrage is not installed.
    """
    if isinstance(recipients, str):
        raise UsageError("recipients is one text.", hint='put public keys into a tuple: recipients=("age1...",)')
    return tuple(dict.fromkeys(_public(number, text) for number, text in enumerate(recipients, start=1)))


def _public(number: int, text: str) -> str:
    if _SECRET.search(text):
        raise UsageError(
            f"Recipient {number} is a secret key.",
            hint="recipients are public keys (age1...); whoever saw that secret key can open what it protects",
        )
    try:
        library = _library()
    except EncryptionError as error:
        raise UsageError(
            f"Backups cannot be encrypted: {error}.", hint="pip install 'sodaf_nb[crypto]', or leave recipients away"
        ) from None
    try:
        return str(library.x25519.Recipient.from_str(text.strip()))
    except library.RecipientError:
        raise UsageError(
            f"Recipient {number} is not an age public key.", hint="age-keygen -y prints it; it begins with age1"
        ) from None


def checked_identity(identity: str | Path | None) -> Path | None:
    """Return the path of a key file, or `keyring:NAME` as one; what it names is read when a key is needed.

    Raises:
        UsageError: If it is a secret key instead of a path.
    """
    if identity is None:
        return None
    if _SECRET.search(str(identity)):
        raise UsageError(
            "identity is a secret key.", hint=f"put it into a file of mode 0600 and name that, or set {VARIABLE}"
        )
    return Path(identity).expanduser()


def find_identities(path: Path | None) -> tuple[Identity, ...]:
    """Return the secret keys of a file, else of the environment; () when nothing names any.

    Args:
        path: The key file, or `keyring:NAME` for an entry of the keyring; None looks at `SODAF_NB_IDENTITY`, then at
            `SODAF_NB_IDENTITY_FILE`.

    Raises:
        EncryptionError: If what is named cannot be read, may be read by others, or holds no key.
    """
    if path is None and os.environ.get(VARIABLE):
        return _required(_parsed(_library(), os.environ[VARIABLE]), VARIABLE)
    if path is None and os.environ.get(FILE_VARIABLE):
        path = _path_of_variable()
    if path is None:
        return ()
    if str(path).startswith(PREFIX):
        return _of_keyring(str(path).removeprefix(PREFIX))
    try:
        return _required(_parsed(_library(), _read_private(path)), f"the key file {path}")
    except OSError as error:
        raise EncryptionError(f"the key file {path} is not used: {error.strerror or error}") from None


def _of_keyring(name: str) -> tuple[Identity, ...]:
    try:
        return _required(_parsed(_library(), secret(name)), f"the entry {name!r} of the keyring")
    except KeyringError as error:
        raise EncryptionError(str(error)) from None


def _path_of_variable() -> Path:
    if _SECRET.search(os.environ[FILE_VARIABLE]):
        raise EncryptionError(f"{FILE_VARIABLE} holds a secret key where the name of a file belongs")
    return Path(os.environ[FILE_VARIABLE]).expanduser()


def _required(identities: tuple[Identity, ...], source: str) -> tuple[Identity, ...]:
    if not identities:
        raise EncryptionError(f"{source} holds no usable age secret key")
    return identities


def _parsed(library: Any, text: str) -> tuple[Identity, ...]:
    # Returns nothing instead of raising: the frame of an error would show the key (see above).
    lines = (line.strip() for line in text.splitlines())
    try:
        return tuple(library.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#"))
    except library.IdentityError:
        return ()


def _read_private(path: Path) -> str:
    fd = os.open(path, _KEY_FILE)
    with os.fdopen(fd, "rb") as file:
        _require_private(fd)
        return file.read(_KEY_FILE_LIMIT).decode("utf-8", "replace")


def _require_private(fd: int) -> None:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("it is not a regular file")
    if found.st_uid != os.geteuid():
        raise PermissionError("it belongs to another user")
    if found.st_mode & 0o077:
        raise PermissionError(f"mode {stat.S_IMODE(found.st_mode):04o} lets others in; chmod 600 takes that away")


def public_keys(identities: Iterable[Identity]) -> tuple[str, ...]:
    """Return the public keys that belong to secret ones."""
    return tuple(str(identity.to_public()) for identity in identities)


def keys_at_hand(identity: Path | None) -> tuple[str, ...]:
    """Return the public keys whose secret ones are at hand; none when there is no usable key."""
    try:
        return public_keys(find_identities(identity))
    except EncryptionError:
        return ()


def proof_identities(recipients: Collection[str], path: Path | None) -> tuple[Identity, ...]:
    """Return what a backup for these recipients can be opened with as soon as it is written.

    That is a key at hand of one of them. On a machine that has public keys only, it is a throw-away key:
    made now, one more recipient in the file's header, in memory alone, and forgotten once the backup is
    proven. It weakens nothing: all recipients open the same file key, and nobody can make this one again.

    Raises:
        EncryptionError: If a key is named but cannot be used.
    """
    at_hand = tuple(i for i in find_identities(path) if str(i.to_public()) in recipients)
    return at_hand or (_library().x25519.Identity.generate(),)


def encrypt(chunks: Iterable[bytes], write: Callable[[bytes], object], recipients: Iterable[str]) -> None:
    """Write the encrypted form of `chunks`; each recipient alone can open it. Beside a chunk, 72 KiB are in memory.

    Raises:
        EncryptionError: If the library fails.
    """
    library = _library()
    keys = [library.x25519.Recipient.from_str(text) for text in recipients]
    pipe = _Pipe(_reader(chunks), write)
    with pipe.carrying(library):
        library.encrypt_io(pipe, pipe, keys)


def decrypt(read: Callable[[int], bytes], write: Callable[[bytes], object], identities: Sequence[Identity]) -> None:
    """Write what was encrypted, never more bytes than are read. What is written is worth nothing until this returns.

    Raises:
        EncryptionError: If no identity opens it, or any byte of it was changed, added or taken away.
    """
    library = _library()
    start = io.BytesIO(_header(read))
    pipe = _Pipe(lambda size: start.read(size) or read(size), write)
    with pipe.carrying(library):
        library.decrypt_io(pipe, pipe, identities)


def _header(read: Callable[[int], bytes]) -> bytes:
    head = b""
    while _HEADER_END not in head:
        part = read(_HEADER_LIMIT)
        if not part or len(head) >= _HEADER_LIMIT:
            raise EncryptionError("it does not begin as an age file does")
        head += part
    return head


def _reader(chunks: Iterable[bytes]) -> Callable[[int], bytes]:
    """Return what reads chunks as if they were a file."""
    filled = (memoryview(chunk) for chunk in chunks if chunk)
    rest = memoryview(b"")

    def read(size: int) -> bytes:
        nonlocal rest
        rest = rest or next(filled, rest)
        part, rest = rest[:size], rest[size:]
        return bytes(part)

    return read


class _Pipe:
    """The two ends the library reads from and writes to.

    It keeps the first error of either end: the library rewords errors, goes on after some, and swallows
    those of the last write when less than 8 KiB are written in all (measured with pyrage 1.4.0).
    """

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        self._read = read
        self._write = write
        self._error: BaseException | None = None

    def read(self, size: int) -> bytes:
        return bytes(self._kept(self._read, size))

    def write(self, data: bytes) -> int:
        self._kept(self._write, data)
        return len(data)

    def _kept(self, call: Callable[[Any], Any], argument: Any) -> Any:
        if self._error is not None:
            raise self._error
        try:
            return call(argument)
        except BaseException as error:
            self._error = error
            raise

    @contextmanager
    def carrying(self, library: Any) -> Iterator[None]:
        """Run the library, and raise what went wrong at either end as it was."""
        try:
            yield
        except (library.EncryptError, library.DecryptError, OSError) as error:
            if self._error is None:
                raise EncryptionError(str(error).lower()) from None
        if self._error is not None:
            raise self._error
