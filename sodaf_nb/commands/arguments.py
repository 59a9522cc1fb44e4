"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from types import MappingProxyType

from sodaf_nb.commands.parsing import id_list, joined, name_list, number_or_text, pair
from sodaf_nb.errors import UsageError
from sodaf_nb.options import Accept, SyncOptions


def add_doctype(parser: argparse.ArgumentParser, *, optional: bool = False, help: str = "") -> None:  # noqa: A002  argparse's word
    """Add the name of a DocType, which may be several words."""
    text = help or "name of a loaded DocType"
    parser.add_argument("doctype", metavar="DOCTYPE", nargs="*" if optional else "+", help=text)


def doctype_of(args: argparse.Namespace) -> str | None:
    """Return the DocType that was named, or None."""
    return joined(args.doctype)


def required_doctype(args: argparse.Namespace) -> str:
    """Return the DocType that was named.

    Raises:
        UsageError: If only blanks stand there.
    """
    if not (name := doctype_of(args)):
        raise UsageError("The name of a DocType is missing.", hint="doctypes lists what is loaded")
    return name


def add_accept(parser: argparse.ArgumentParser) -> None:
    """Add `--accept`."""
    parser.add_argument(
        "--accept",
        metavar="IDS",
        type=id_list,
        action="extend",
        default=[],
        help="findings you take on, such as DS03, DS08:pages or all; recorded in the history",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why you take them on; recorded in the history")


def accept_of(args: argparse.Namespace) -> Accept:
    """Return the accepted ids, with the reason where one is given, or "all".

    Raises:
        UsageError: If a reason is given for nothing.
    """
    ids = ("all",) if "all" in args.accept else tuple(args.accept)
    if args.reason is None:
        return "all" if ids == ("all",) else frozenset(ids)
    if not ids:
        raise UsageError("--reason says why a finding is accepted, and none is.", hint="give --accept ID as well")
    return MappingProxyType(dict.fromkeys(ids, args.reason))


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add the answers that decide what differs."""
    parser.add_argument(
        "--rename",
        metavar="OLD:NEW",
        type=pair(":"),
        action="append",
        default=[],
        help="a field that goes on under another name, with its data; may be given again",
    )
    parser.add_argument("--renamed-from", metavar="NAME", help="former name of the DocType; its table is renamed")
    parser.add_argument(
        "--widen",
        metavar="FIELDS",
        type=name_list,
        action="extend",
        default=[],
        help="fields whose column keeps its type where the DocType's has less room, such as title,notes",
    )
    parser.add_argument(
        "--drop-removed", action="store_true", help="drop columns of removed fields; else they are kept"
    )


def add_sync(parser: argparse.ArgumentParser) -> None:
    """Add the answers and choices for one migration."""
    add_accept(parser)
    add_answers(parser)
    add_values(parser)


def add_values(parser: argparse.ArgumentParser) -> None:
    """Add the answers that decide what rows get."""
    parser.add_argument(
        "--backfill",
        metavar="FIELD=VALUE",
        type=pair("="),
        action="append",
        default=[],
        help="value for rows that would hold NULL in a required field; may be given again",
    )
    parser.add_argument(
        "--dedupe",
        metavar="FIELD=HOW",
        type=pair("="),
        action="append",
        default=[],
        help="what rows get that share a value of a field that becomes unique, all but the first by key: blank empties "
        "it, suffix puts the row's key behind it; may be given again",
    )


def add_rehearsal(parser: argparse.ArgumentParser) -> None:
    """Add the choices for a dry run."""
    parser.add_argument(
        "--rehearsal",
        metavar="ROWS",
        choices=("auto", "full", "sample"),
        default="auto",
        help="rows it is tried on: full, sample (the first by key), or auto to decide by size",
    )
    add_mask(parser)


def add_mask(parser: argparse.ArgumentParser) -> None:
    """Add `--mask`."""
    parser.add_argument(
        "--mask",
        metavar="COLUMNS",
        type=name_list,
        action="extend",
        default=[],
        help="columns whose values are shown as ***, such as phone,email",
    )


def sync_options(args: argparse.Namespace) -> SyncOptions:
    """Return the choices that `add_sync` read."""
    return SyncOptions(
        accept=accept_of(args) if "accept" in args else (),
        field_renames=MappingProxyType(dict(args.rename)),
        renamed_from=args.renamed_from,
        removed_fields="drop" if args.drop_removed else "keep",
        backfill=MappingProxyType({field: number_or_text(value) for field, value in getattr(args, "backfill", ())}),
        dedupe=MappingProxyType(dict(getattr(args, "dedupe", ()))),
        widen=tuple(args.widen),
        plan_id=getattr(args, "plan", None),
        rehearsal=getattr(args, "rehearsal", "auto"),
        mask=tuple(getattr(args, "mask", ())),
        yes_on=getattr(args, "yes_on", None),
    )
