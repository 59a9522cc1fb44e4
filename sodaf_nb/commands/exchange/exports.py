"""A plan for other tools: a plain SQL script, or an Alembic revision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sodaf_nb.database import Database
from sodaf_nb.errors import UsageError
from sodaf_nb.plan import Plan, summary
from sodaf_nb.plan.pairs import touched_tables
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.sql.alone import alone

Ways = tuple[tuple[str, ...], tuple[str, ...]]

_ID_LENGTH = 12

_SCRIPT = """\
-- Plan {id} for {doctype}. It takes itself back at the first error when the program that runs it stops there:
-- with sqlite3 that is -bail, with psql -v ON_ERROR_STOP=1. No backup is made, and nothing is tried before.
{changes}
BEGIN;
{statements}COMMIT;
"""

_REVISION = '''\
"""{doctype}: bring its table to the DocType.

{changes}

Written by sodaf-nb from plan {id}. Alembic runs the statements of the plan and what they need to hold,
and nothing else of it: no rehearsal, no backup. The way down takes the structure back, not values.
"""

from alembic import op

revision = {id!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{up}

def downgrade() -> None:
{back}'''

_NO_WAY_BACK = '    raise NotImplementedError("The structure cannot be taken back exactly; use sodaf-nb rollback.")\n'


def ways(plan: Plan, database: Database) -> Ways:
    """Return the statements of a plan up and down, with what must hold before them; none where there is no way back.

    Raises:
        UsageError: If the plan changes nothing.
    """
    if not plan.operations:
        raise UsageError(f"{plan.doctype} is up to date: there is nothing to write.")
    live, dialect = database.reflect(), database.dialect
    return alone(SQLGenerator(dialect).generate(plan, live), live, touched_tables(plan), dialect)


def to_script(plan: Plan, both: Ways) -> str:
    """Return the statements up as one SQL script in a transaction of its own, with what it does as comments."""
    return _SCRIPT.format(
        id=plan.id[:_ID_LENGTH],
        doctype=plan.doctype,
        changes="\n".join(f"-- {change}" for change in _changes(plan)),
        statements="".join(f"{statement};\n" for statement in both[0]),
    )


def to_revision(plan: Plan, both: Ways, *, down_revision: Sequence[str]) -> str:
    """Return the text of an Alembic revision whose statements are those of a plan, up and down.

    They stand inside a savepoint, because Alembic opens no transaction on SQLite.

    Args:
        plan: The plan.
        both: Its statements up and down.
        down_revision: The revisions the database is at; empty for the first one.
    """
    up, down = both
    return _REVISION.format(
        id=plan.id[:_ID_LENGTH],
        doctype=plan.doctype,
        # A line of the docstring must not end it, nor escape anything in it.
        changes="\n".join(re.sub(r'["\\]', "'", change) for change in _changes(plan)),
        down=tuple(down_revision) if len(down_revision) > 1 else next(iter(down_revision), None),
        up=_body(up),
        back=_body(down) if down else _NO_WAY_BACK,
    )


def _changes(plan: Plan) -> list[str]:
    return [" ".join("  ".join(part for part in summary(o) if part).split("\n")) for o in plan.operations]


def _body(statements: Sequence[str]) -> str:
    around = ("SAVEPOINT sodaf_nb", *statements, "RELEASE SAVEPOINT sodaf_nb")
    # To op.execute, `:name` is a parameter, and a backslash before it keeps it from being one.
    return "".join(f"    op.execute({statement.replace(':', chr(92) + ':')!r})\n" for statement in around)


def save(path: str, text: str, *, suffix: str) -> Path:
    """Write a text to a new file and return it.

    Raises:
        UsageError: If its name has another ending, it is there already, or cannot be written.
    """
    file = Path(path).expanduser()
    if file.suffix != suffix:
        raise UsageError(f"{file.name} does not end in {suffix}.", hint=f"call it {file.stem}{suffix}")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file.name} is there already.", hint="take another name, or remove it") from None
    except OSError as error:
        raise UsageError(f"{file.name} cannot be written: {error.strerror}.", hint="check the folder") from None
    return file
