"""Who may do what on a connection: a profile that a project keeps, and who is asking. Pure but for the account."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass

from sodaf_nb.errors import AccessError, Step, UsageError

PRODUCTION = frozenset({"prod", "production", "live"})
"""Words for the environment of a database that others depend on, letter case ignored"""


def is_production(environment: str) -> bool:
    """Return True for a word for production: what is changed there needs its name typed."""
    return environment.casefold() in PRODUCTION


def account() -> str:
    """Return the operating system's account of this process; no environment variable changes it on POSIX systems."""
    if not hasattr(os, "getuid"):
        return getpass.getuser()
    import pwd  # noqa: PLC0415  not everywhere

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that no account has
        return f"uid {os.getuid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a connection's profile says of who may do what. Names are accounts of the operating system.

    Args:
        connection: What the connection is called, which production needs typed; empty takes the database's name.
        protected: True when each change needs the approval of somebody else, and its name typed, in any environment.
        allow: Ids of the findings that may be taken on here at all; None for all.
        viewers: Who may only look, whatever else they are named as.
        operators: Who may change the database; empty for everybody who is no viewer.
        approvers: Who may approve plans; empty for everybody who is no viewer.
    """

    connection: str = ""
    protected: bool = False
    allow: frozenset[str] | None = None
    viewers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()

    def require_operator(self, person: str) -> None:
        """Stop a person who may not change the database.

        Raises:
            AccessError: If so.
        """
        self._require(person, self.operators, "change")

    def require_approver(self, person: str) -> None:
        """Stop a person who may not approve plans.

        Raises:
            AccessError: If so.
        """
        self._require(person, self.approvers, "approve changes of")

    def may_approve(self, person: str) -> bool:
        """Return True when a person may approve plans."""
        return self._may(person, self.approvers)

    def _may(self, person: str, named: frozenset[str]) -> bool:
        return person not in self.viewers and (not named or person in named)

    def _require(self, person: str, named: frozenset[str], what: str) -> None:
        if not self._may(person, named):
            raise AccessError(
                f"{person} may not {what} {self.connection}; nothing was changed.",
                hint="who may is said by the connection's profile in pyproject.toml",
            )


def require_named(connection: str, environment: str, named: str | None, *, always: bool = False) -> None:
    """Stop before a write that was not confirmed by name.

    Args:
        connection: What the connection is called.
        environment: A word for the kind of database.
        named: The name that was typed; None when none was.
        always: True asks for the name in every environment.

    Raises:
        UsageError: If the connection is production, or is always asked for, and was not named, or if another one was.
    """
    production = is_production(environment)
    if named == connection or (named is None and not production and not always):
        return
    kind = "PRODUCTION" if production else "protected" if always else environment
    what = f"{connection} is a {kind} database" + (f", and the name given is {named!r}" if named is not None else "")
    raise UsageError(f"{what}; nothing was changed.", hint=("when it is meant, add ", Step("yes_on", (connection,))))
