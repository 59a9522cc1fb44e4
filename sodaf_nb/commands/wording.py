"""How the next steps of errors are written as commands."""

from __future__ import annotations

import shlex
from types import MappingProxyType

from sodaf_nb.errors import Words


def in_shell(program: str) -> bool:
    """Return True where each command is a process of its own, which keeps nothing for the next one."""
    return not program.startswith("%")


def how_to_load(program: str) -> str:
    """Return what makes DocTypes known: a command in a notebook, an option of every command in a shell."""
    return "--doctypes PATH" if in_shell(program) else f"{program} doctypes load PATH"


def words(program: str) -> Words:
    """Return each step as it is typed on a command line.

    Args:
        program: How commands are typed: `%migrate` or `sodaf-nb`.
    """
    return MappingProxyType(
        {
            "accept": lambda ids: f"--accept {','.join(ids)}",
            "rename": lambda pair: f"--rename {shlex.quote(':'.join(pair))}",
            "renamed_from": lambda names: " ".join(["--renamed-from", *map(shlex.quote, names)]),
            "history": lambda _: f"{program} history",
            "recover": lambda _: f"{program} recover",
            "through": lambda _: "--through",
            "restore": lambda ids: f"{program} backup restore {ids[0]} --dry-run",
            "beside": lambda names: f"--as {shlex.quote(names[0])}",
            "any_database": lambda _: "--any-database",
            "on_conflict": lambda words: f"--on-conflict {words[0].replace('_', '-')}",
            "backups": lambda _: f"{program} backup list",
            "load": lambda _: how_to_load(program),
            "named": lambda names: f"--name {shlex.quote(names[0])}",
            "overwrite": lambda _: "--overwrite",
            "sql": lambda _: f"{'' if in_shell(program) else 'in .sql and .rollback_sql; '}dry-run --sql shows them",
            "frame": lambda _: "--json" if in_shell(program) else ".to_frame()",
            "backfill": lambda names: f"--backfill {shlex.quote(names[0])}=VALUE",
            "dedupe": lambda pair: f"--dedupe {shlex.quote('='.join(pair))}",
            "widen": lambda names: f"--widen {shlex.quote(names[0])}",
            "keep": lambda _: "no --drop-removed",
            "plan": lambda names: " ".join([program, "dry-run", *names]),
            "yes_on": lambda names: f"--yes-on {shlex.quote(names[0])}",
            "approve": lambda ids: f"{program} approve {ids[0]}",
        }
    )
