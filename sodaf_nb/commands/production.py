"""Writing to a production database needs its name typed; nothing asks, so nothing waits for an answer."""

from __future__ import annotations

import argparse
import shlex

from sodaf_nb.commands.context import Context
from sodaf_nb.errors import UsageError


def add_yes_on(parser: argparse.ArgumentParser) -> None:
    """Add `--yes-on`."""
    parser.add_argument(
        "--yes-on",
        metavar="CONNECTION",
        help="name of the connection that is meant; needed where it is production",
    )


def require_confirmed(context: Context, args: argparse.Namespace) -> None:
    """Stop before a write that was not confirmed by name.

    Raises:
        UsageError: If the open connection is production and was not named, or if another one was named.
    """
    if getattr(args, "dry_run", False):
        return
    try:
        connection, named = context.connection, args.yes_on
    except UsageError:  # without a database the command will say so itself, or needs none
        return
    if named == connection.name or (named is None and not connection.is_production):
        return
    kind = "a PRODUCTION database" if connection.is_production else f"a {connection.environment} database"
    what = f"{connection.name} is {kind}" + (f", and --yes-on names {named!r}" if named is not None else "")
    raise UsageError(
        f"{what}; nothing was changed.", hint=f"when it is meant, add --yes-on {shlex.quote(connection.name)}"
    )
