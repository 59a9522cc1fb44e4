"""Writing to a production database needs its name typed; nothing asks, so nothing waits for an answer."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.errors import UsageError


def add_yes_on(parser: argparse.ArgumentParser) -> None:
    """Add `--yes-on`."""
    parser.add_argument(
        "--yes-on",
        metavar="CONNECTION",
        help="name of the connection that is meant; needed where it is production or protected",
    )


def require_confirmed(context: Context, args: argparse.Namespace) -> None:
    """Stop before the command looks at anything, where the applier would refuse its write for want of a name.

    Raises:
        SodafError: If the open connection has to be named and was not, if another one was named, or if the person
            may not change it.
    """
    if getattr(args, "dry_run", False):
        return
    try:
        applier = context.applier
    except UsageError:  # without a database the command will say so itself, or needs none
        return
    applier.access.require_named(args.yes_on)
    applier.access.require_operator()
