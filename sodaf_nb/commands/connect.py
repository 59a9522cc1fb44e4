"""`connect URL`: open a database, or go back to one that is open."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sodaf_nb.access import Access
from sodaf_nb.commands.addresses import named_source
from sodaf_nb.commands.context import Connection, Context, settled
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.commands.wording import in_shell
from sodaf_nb.config import Source, address_in_keyring, holds_secret
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular

if TYPE_CHECKING:
    from sodaf_nb.database import Database


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        help="sqlite:///shop.db, shop.db, sqlite://, an open connection, or one that pyproject.toml names",
    )
    parser.add_argument(
        "--env", metavar="VARIABLE", help="environment variable that holds the URL, such as DATABASE_URL"
    )
    parser.add_argument("--keyring", metavar="ENTRY", help="entry of the keyring that holds the URL")
    parser.add_argument("--as", dest="name", metavar="NAME", help="what to call the connection")
    parser.add_argument("--backup-dir", metavar="DIR", help="folder of the backups")
    parser.add_argument(
        "--recipient",
        metavar="KEY",
        action="append",
        default=[],
        help="age public key that backups are encrypted for; may be given again",
    )
    parser.add_argument(
        "--identity", metavar="FILE", help="file with the secret key that opens encrypted backups, or keyring:ENTRY"
    )
    parser.add_argument("--environment", metavar="WORD", help="kind of database (dev, test, prod), shown and recorded")
    parser.add_argument("--create", action="store_true", help="make the database when its file does not exist")
    parser.add_argument("--close", metavar="NAME", help="close that connection")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    found = _found(context, args)
    if not isinstance(found, Connection) or not (told := settled(found.applier, context.program)):
        return found
    return replace(found, remarks=told)


def _found(context: Context, args: argparse.Namespace) -> Tabular:
    if args.close is not None:
        context.close(_known(context, args.close))
        return listing(context)
    if args.target is None and args.env is None and args.keyring is None:
        return listing(context)
    own = {
        "backup_dir": args.backup_dir,
        "environment": args.environment,
        "recipients": tuple(args.recipient),
        "identity": args.identity,
    }
    given = {choice: value for choice, value in own.items() if value}
    if (known := _meant(context, args.target)) is not None:
        return _again(context, known, args.name, given)
    if (source := context.config.connections.get(args.target or "")) is not None:
        return _named(context, source, args, given)
    target = _target(context, args)
    if not isinstance(target, str):
        return _opened_by(context, named_source(context, target), args.name, given, target)
    database = _opened(target, create=args.create)
    if (source := named_source(context, database)) is None:
        return context.open(database, name=args.name, own=given, ours=True)
    database.close()
    return _named(context, source, args, given)


def _named(context: Context, source: Source, args: argparse.Namespace, given: Mapping[str, object]) -> Connection:
    """Open a connection that pyproject.toml names, under that name."""
    _require_kept(source.choices.get("access"), source.name, given)
    database = _opened(source.address(), create=args.create)
    return context.open(database, name=args.name or source.name, own={**source.choices, **given}, ours=True)


def _opened_by(
    context: Context, source: Source | None, name: str | None, given: Mapping[str, object], database: Database
) -> Connection:
    """Open a database that somebody else opened, with the choices of the connection of its address."""
    if source is None:
        return context.open(database, name=name, own=given, ours=False)
    _require_kept(source.choices.get("access"), source.name, given)
    return context.open(database, name=name or source.name, own={**source.choices, **given}, ours=False)


def _require_kept(access: object, name: str, given: Mapping[str, object]) -> None:
    """Stop a line that would make a protected connection something else than its profile says."""
    if isinstance(access, Access) and access.protected and "environment" in given:
        raise UsageError(f"{name} is protected, and its profile says what its environment is.", hint="leave it out")


def _meant(context: Context, target: str | None) -> Connection | None:
    """Return the open connection of that name; None when a file that lies here bears its name as well."""
    known = context.connections.get(target or "")
    here = Path(target or "").resolve()
    return None if known and known.database.file != here and here.is_file() else known


def _again(context: Context, known: Connection, name: str | None, own: Mapping[str, object]) -> Connection:
    """Go back to an open connection, with other choices when some are given."""
    _require_kept(known.own.get("access"), known.name, own)
    if name not in (None, known.name):
        raise UsageError(f"{known.name} is open already.", hint="give its address to open it under another name too")
    return context.open(known.database, name=known.name, own=own, ours=known.ours) if own else context.use(known.name)


def _opened(url: str, *, create: bool) -> Database:
    from sodaf_nb.database import Database  # noqa: PLC0415  light start

    database = Database(url)
    if database.file and not database.file.exists():
        if not create and database.file.parent.is_dir():
            raise _missing(database.file, database.shown)
        # The first write makes the file, and says what is wrong with its folder.
        with database.write():
            pass
    return database


def _missing(file: Path, shown: str) -> UsageError:
    beside = [path.name for path in file.parent.iterdir() if path.is_file()]
    near = difflib.get_close_matches(file.name, beside, n=1)
    # Its path is written as the one that was not found.
    guess = f"did you mean {Path(shown).with_name(near[0])}? " if near else ""
    return UsageError(f"{shown} does not exist.", hint=f"{guess}--create makes a new database")


def listing(context: Context) -> Listing:
    """Return the open connections; the one in use comes with a mark."""
    active = context.connection if context.connections else None
    rows = tuple({"": ">" if c is active else "", **c.row()} for c in context.connections.values())
    empty = f"None is open. Start with {context.program} connect sqlite:///your.db"
    closed = [name for name in context.config.connections if name not in context.connections]
    remarks = (f"Named in pyproject.toml and not open: {', '.join(closed)}.",) if closed else ()
    items = tuple(context.connections.values())
    return Listing(title="Connections", rows=rows, items=items, empty=empty, remarks=remarks)


def _known(context: Context, name: str) -> str:
    if name not in context.connections:
        near = difflib.get_close_matches(name, list(context.connections), n=1)
        hint = f"did you mean {near[0]}?" if near else "connect alone lists them"
        raise UsageError(f"There is no connection {name!r}.", hint=hint)
    return name


def _target(context: Context, args: argparse.Namespace) -> str | Database:
    if args.env is not None:
        if args.keyring is not None:
            raise UsageError("Give --env or --keyring, not both.")
        return _from_environment(context, args)
    if args.keyring is not None:
        if args.target is not None:
            raise UsageError("Give a target or --keyring, not both.")
        return address_in_keyring(args.keyring)
    if holds_secret(args.target):
        raise _password(context)
    return _variable(context, args.target) or args.target


def _password(context: Context) -> UsageError:
    shell = in_shell(context.program)
    keeps = "the shell's history keeps it" if shell else "notebooks and their history keep it"
    way = "give --env NAME" if shell else "write connect --env NAME"
    return UsageError(
        f"A password must not stand in a command: {keeps}.",
        hint=f"put the URL into an environment variable, {way}, and change that password",
    )


def _from_environment(context: Context, args: argparse.Namespace) -> str:
    if args.target is not None:
        raise UsageError("Give a target or --env, not both.")
    if not (url := os.environ.get(args.env)):
        hint = f"export {args.env}=sqlite:///shop.db" if in_shell(context.program) else "set it before Jupyter starts"
        raise UsageError(f"The environment variable {args.env} is not set.", hint=hint)
    return url


def _variable(context: Context, name: str) -> Database | None:
    """Return the open database that a variable holds; None for a word that is a URL or a path."""
    from sodaf_nb.database import Database, is_file  # noqa: PLC0415  light start

    if isinstance(value := context.variables.get(name), Database):
        return value
    if name.startswith("sqlite:") or "://" in name or is_file(name):
        return None
    if Path(name).is_dir():
        raise UsageError(f"{name!r} is a folder.", hint="name the database file in it, such as shop.db")
    hint = f"write it like sqlite:///{name}.db" if name.isidentifier() else f"write it like sqlite:///{name}"
    raise UsageError(f"{name!r} is neither a URL, an open connection nor a file that exists.", hint=hint)


COMMAND = Command(
    name="connect",
    help="Open a database, or go back to an open one; alone it lists them.",
    configure=_configure,
    run=_run,
    names=lambda context: dict.fromkeys((*context.connections, *context.config.connections)),
)
