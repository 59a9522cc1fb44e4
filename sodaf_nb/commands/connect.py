"""`connect URL`: open a database, or go back to one that is open."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular

if TYPE_CHECKING:
    from sodaf_nb.database import Database

# `user:password@` before the host, or a parameter that holds one. The parts of a file path that look
# alike are left alone: after `sqlite:///` there is no host.
_SECRET = re.compile(r"://(?!/)[^/@]*:[^@]+@|[?&;](password|passwd|pwd|odbc_connect)=", re.IGNORECASE)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="TARGET", nargs="?", help="sqlite:///shop.db, sqlite://, or an open connection"
    )
    parser.add_argument(
        "--env", metavar="VARIABLE", help="environment variable that holds the URL, such as DATABASE_URL"
    )
    parser.add_argument("--as", dest="name", metavar="NAME", help="what to call the connection")
    parser.add_argument("--backup-dir", metavar="DIR", help="folder of the backups")
    parser.add_argument(
        "--recipient",
        metavar="KEY",
        action="append",
        default=[],
        help="age public key that backups are encrypted for; may be given again",
    )
    parser.add_argument("--identity", metavar="FILE", help="file with the secret key that opens encrypted backups")
    parser.add_argument("--environment", metavar="WORD", help="kind of database (dev, test, prod), shown and recorded")
    parser.add_argument("--close", metavar="NAME", help="close that connection")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    if args.close is not None:
        context.close(_known(context, args.close))
        return listing(context)
    if args.target is None and args.env is None:
        return listing(context)
    if args.target in context.connections:
        return context.use(args.target)
    options = context.options_for(
        backup_dir=args.backup_dir,
        environment=args.environment,
        recipients=tuple(args.recipient),
        identity=args.identity,
    )
    return context.open(_target(context, args), name=args.name, options=options)


def listing(context: Context) -> Listing:
    """Return the open connections; the one in use comes with a mark."""
    active = context.connection if context.connections else None
    rows = tuple({"": ">" if c is active else "", **c.row()} for c in context.connections.values())
    empty = f"None is open. Start with {context.program} connect sqlite:///your.db"
    return Listing(title="Connections", rows=rows, items=tuple(context.connections.values()), empty=empty)


def _known(context: Context, name: str) -> str:
    if name not in context.connections:
        raise UsageError(f"There is no connection {name!r}.", hint="connect alone lists them")
    return name


def _target(context: Context, args: argparse.Namespace) -> str | Database:
    if args.env is not None:
        return _from_environment(args)
    if _SECRET.search(args.target):
        raise UsageError(
            "A password must not stand in a command: notebooks and their history keep it.",
            hint="put the URL into an environment variable, write connect --env NAME, and change that password",
        )
    return args.target if "://" in args.target else _variable(context, args.target)


def _from_environment(args: argparse.Namespace) -> str:
    if args.target is not None:
        raise UsageError("Give a target or --env, not both.")
    if not (url := os.environ.get(args.env)):
        raise UsageError(f"The environment variable {args.env} is not set.", hint="set it before Jupyter starts")
    return url


def _variable(context: Context, name: str) -> Database:
    from sodaf_nb.database import Database  # noqa: PLC0415  light start

    value = context.variables.get(name)
    if not isinstance(value, Database):
        raise UsageError(
            f"{name!r} is neither a URL nor an open connection.", hint=f"write it like sqlite:///{name}.db"
        )
    return value


COMMAND = Command(
    name="connect",
    help="Open a database, or go back to an open one; alone it lists them.",
    configure=_configure,
    run=_run,
    names=lambda context: context.connections,
)
