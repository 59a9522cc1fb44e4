"""A plan for other tools: a plain SQL script, or an Alembic revision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sodaf_nb.errors import UsageError
from sodaf_nb.plan import Plan, Review, summary

_ID_LENGTH = 12

_HEADER = '''\
"""{title}

{changes}

Written by sodaf-nb from plan {plan}. Alembic runs the statements of the plan, and nothing else of it:
no look at the rows, no rehearsal, no backup. The way down takes the structure back, not values.
"""

from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None
'''

_GUARD = '''

def _require_foreign_keys_off():
    """Refuse to go on where SQLite would delete or empty child rows when a table is made anew."""
    context = op.get_context()
    if context.as_sql or context.dialect.name != "sqlite":
        return
    if op.get_bind().exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("Turn foreign keys off for this connection before the transaction begins.")
'''


def to_revision(plan: Plan, *, down_revision: Sequence[str]) -> str:
    """Return the text of a revision whose statements are those of a plan, up and down.

    They stand inside a savepoint, because Alembic opens no transaction on SQLite.

    Args:
        plan: A plan that was made by looking at a database.
        down_revision: The revisions the database is at; empty for the first one.

    Raises:
        UsageError: If the plan changes nothing, or was made by hand.
    """
    changes = _changes(plan)
    header = _HEADER.format(
        title=f"{plan.doctype}: bring its table to the DocType",
        changes="\n".join(_in_docstring(change) for change in changes),
        plan=plan.id[:_ID_LENGTH],
        revision=plan.id[:_ID_LENGTH],
        down=_one_or_all(down_revision),
    )
    review = plan.review or Review()
    return "".join(
        (
            header,
            _GUARD,
            _function("upgrade", _body(review.sql)),
            _function("downgrade", _body(review.rollback_sql) if review.rollback_sql else (_NO_WAY_BACK,)),
        )
    )


def _changes(plan: Plan) -> list[str]:
    plan.to_sql()  # refuses a plan that was made by hand
    if not plan.operations:
        raise UsageError(f"{plan.doctype} is up to date: there is nothing to write.")
    return ["  ".join(part for part in summary(o) if part) for o in plan.operations]


_NO_WAY_BACK = 'raise NotImplementedError("The structure cannot be taken back exactly; use sodaf-nb rollback.")'


def _one_or_all(revisions: Sequence[str]) -> str | tuple[str, ...] | None:
    return tuple(revisions) if len(revisions) > 1 else next(iter(revisions), None)


def _in_docstring(text: str) -> str:
    """Return a line that cannot end the docstring, nor escape anything in it."""
    return re.sub(r'["\\]', "'", text)


def _function(name: str, lines: Sequence[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n\ndef {name}() -> None:\n{body}"


def _body(statements: Sequence[str]) -> tuple[str, ...]:
    executed = (f"op.execute({_literal(statement)})" for statement in statements)
    around = ('op.execute("SAVEPOINT sodaf_nb")', 'op.execute("RELEASE SAVEPOINT sodaf_nb")')
    return "_require_foreign_keys_off()", around[0], *executed, around[1]


def _literal(statement: str) -> str:
    """Return the statement as Python text that means the same to `op.execute`, to which `:name` is a parameter."""
    return repr(statement.replace(":", r"\:"))


def to_script(plan: Plan) -> str:
    """Return the statements of a plan as one SQL script in a transaction of its own, with what it does as comments.

    Raises:
        UsageError: If the plan changes nothing, or was made by hand.
    """
    changes = "".join(f"-- {change}\n" for change in _changes(plan))
    return f"-- Plan {plan.id[:_ID_LENGTH]} for {plan.doctype}\n{changes}BEGIN;\n{plan.to_sql()}COMMIT;\n"


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
