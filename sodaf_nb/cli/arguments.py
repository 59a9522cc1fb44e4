"""What stands before or after any command: which database, which DocTypes, how the answer looks."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sodaf_nb.commands.parsing import Parser
from sodaf_nb.config import nearest
from sodaf_nb.errors import UsageError

PROGRAM = "sodaf-nb"
DATABASE_VARIABLE = "SODAF_DATABASE_URL"
FOLDER = "doctypes"

OWN_OPTIONS = ("--help", "-h", "--version", "-V")
"""Options that are a whole line by themselves."""


def parser() -> Parser:
    """Return the parser of the options that every command shares."""
    made = Parser(prog=PROGRAM, description="Change the schema of a live database safely.", helped=False)
    where = made.add_argument_group("which database")
    where.add_argument("--database", "-d", metavar="TARGET", help=f"URL or file; else the variable {DATABASE_VARIABLE}")
    where.add_argument("--env", metavar="VARIABLE", help="environment variable that holds the URL")
    where.add_argument("--keyring", metavar="ENTRY", help="entry of the keyring that holds the URL")
    where.add_argument("--create", action="store_true", help="make the database when its file does not exist")
    where.add_argument("--backup-dir", metavar="DIR", help="folder of the backups")
    where.add_argument(
        "--recipient", metavar="KEY", action="append", default=[], help="age public key that backups are encrypted for"
    )
    where.add_argument("--identity", metavar="FILE", help="file with the secret key that opens encrypted backups")
    where.add_argument("--environment", metavar="WORD", help="kind of database (dev, test, prod), recorded")
    where.add_argument(
        "--doctypes",
        metavar="PATH",
        action="append",
        default=[],
        help=f"file or folder of DocTypes; else the folder {FOLDER}, if there is one; may be given again",
    )
    answer = made.add_argument_group("how it answers")
    answer.add_argument("--json", action="store_true", help="one JSON document instead of text")
    answer.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colour (auto: a terminal)"
    )
    answer.add_argument("--check", action="store_true", help="exit with 4 when changes are pending")
    answer.add_argument("--yes", "-y", action="store_true", help="ask nothing, even on a terminal")
    return made


def divided(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the shared options and the words of the command, wherever the options stand.

    Raises:
        UsageError: If a shared option lacks its value, or one that is not known stands before the command.
    """
    shared = parser()
    args, rest = shared.parse_known_args(list(words))
    if rest and rest[0].startswith("-") and rest[0] not in OWN_OPTIONS:
        raise _unknown(rest[0].partition("=")[0], shared.option_strings())
    return args, rest


def _unknown(option: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(option, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "the options of a command stand behind it"
    return UsageError(f"No option {option} can stand before the command.", hint=hint)


def connect_words(
    args: argparse.Namespace, environment: Mapping[str, str], *, target: Sequence[str] = ()
) -> list[str] | None:
    """Return the `connect` that opens the database; None when none was named.

    Args:
        args: The shared options.
        environment: The process's environment variables.
        target: Words that name it in place of `--database`.
    """
    named = list(target) or ([] if args.database is None else [args.database])
    other = bool(named) or args.keyring is not None
    variable = args.env or (DATABASE_VARIABLE if not other and environment.get(DATABASE_VARIABLE) else None)
    if not other and variable is None:
        return None
    elsewhere = {"--env": variable, "--keyring": args.keyring}
    found = [f"{option}={value}" for option, value in elsewhere.items() if value is not None]
    return ["connect", *_choices(args), *found, *named]


def _choices(args: argparse.Namespace) -> list[str]:
    named = {
        "--backup-dir": args.backup_dir,
        "--identity": args.identity,
        "--environment": args.environment,
    }
    options = [f"{option}={value}" for option, value in named.items() if value is not None]
    options += [f"--recipient={key}" for key in args.recipient]
    return [*options, *(["--create"] if args.create else [])]


def doctype_paths(args: argparse.Namespace) -> list[str]:
    """Return the paths of the DocTypes: those named, else what pyproject.toml names, else the usual folder if here."""
    if args.doctypes:
        return list(args.doctypes)
    chosen = nearest(Path.cwd()).doctypes or Path(FOLDER)
    return [str(chosen)] if chosen.is_dir() else []
