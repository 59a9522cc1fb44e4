"""What keeps a condition that a person wrote from doing more than reading a server's tables.

The server itself reads the condition, as that of a view which is taken back at once: nothing is evaluated, and what
it calls and reads stands in the view's tree. A read-only transaction alone would not do: it may sleep, send
signals, read the server's files and call programs of others.
"""

from __future__ import annotations

import re

from sodaf_nb.database.postgres.scratch import OpenScratch
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.sql.dialect import EngineRefusedError
from sodaf_nb.sql.quoting import quote

HINT = "only columns, values, functions that only compute, and reading subselects can stand there"

_VIEW = "pg_temp.sodaf_condition"
_TREE = f"SELECT ev_action::text FROM pg_rewrite WHERE ev_class = '{_VIEW}'::regclass"
_FUNCTIONS = re.compile(r":(?:funcid|opfuncid|aggfnoid|winfnoid) ([1-9]\d*)")
_OPERATORS = re.compile(r":opno ([1-9]\d*)")
_TABLES = re.compile(r":relid ([1-9]\d*)")

# Volatile is the server's own mark on what does more than compute.
_DOES_MORE = """
SELECT proname FROM pg_proc WHERE provolatile = 'v'
  AND (oid = ANY (?::oid[]) OR oid IN (SELECT oprcode FROM pg_operator WHERE oid = ANY (?::oid[]))) ORDER BY 1"""
_SYSTEM = """
SELECT relname FROM pg_class WHERE oid = ANY (?::oid[])
  AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY 1"""


def require_reading(scratch: OpenScratch, table: str, condition: str) -> None:
    """Stop at a condition that is no expression, names what is not there, or would do more than read.

    Args:
        scratch: A transaction that is taken back.
        table: The table it is about.
        condition: The condition.

    Raises:
        UsageError: If it is one.
    """
    try:
        scratch.execute(
            f"CREATE TEMP VIEW sodaf_condition AS SELECT 1 AS one FROM {quote(table)} WHERE (\n{condition}\n)"
        )
    except (EngineRefusedError, SodafError) as error:
        raise unusable(str(error)) from None
    tree = "".join(text for (text,) in scratch.rows(_TREE))
    functions, operators = (list(map(int, found.findall(tree))) for found in (_FUNCTIONS, _OPERATORS))
    if called := scratch.rows(_DOES_MORE, (functions, operators)):
        raise unusable(f"it would call {called[0][0]}")
    if read := scratch.rows(_SYSTEM, (list(map(int, _TABLES.findall(tree))),)):
        raise unusable(f"it would read {read[0][0]}")


def unusable(reason: str) -> UsageError:
    """Return the error for a condition."""
    return UsageError(f"The condition cannot be used: {reason.rstrip('.')}.", hint=HINT)
