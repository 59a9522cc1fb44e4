"""Secrets from the operating system's keyring: looked up when they are needed, and kept by nobody.

They are stored under one service name, so that `keyring set sodaf_nb shop` in a terminal is all there is to do.
"""

from __future__ import annotations

SERVICE = "sodaf_nb"
PREFIX = "keyring:"
"""What stands before the name of an entry where the name of a file may stand as well."""


class KeyringError(Exception):
    """The keyring does not give a secret; the text never holds one."""


def secret(name: str) -> str:
    """Return the secret that the keyring holds under a name.

    Raises:
        KeyringError: If the package is missing, there is no keyring or it stays closed, or it has no such entry.
    """
    try:
        import keyring  # noqa: PLC0415  an optional extra, and only needed here
        from keyring.errors import KeyringError as LibraryError  # noqa: PLC0415  as above
    except ImportError:
        raise KeyringError('the package keyring is missing: pip install "sodaf_nb[keyring]"') from None
    try:
        found = keyring.get_password(SERVICE, name)
    except LibraryError as error:
        raise KeyringError(f"the keyring of this machine cannot be read ({type(error).__name__})") from None
    if not found:
        raise KeyringError(f"the keyring has no entry {name!r}: store it with `keyring set {SERVICE} {name}`")
    return found
