"""What stands in the way of a change to a column, by name: the engine itself names only the first."""

from __future__ import annotations

from collections.abc import Collection

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.sql.dialect import Rows

# Views and rules hang on a rewrite rule; what uses a view hangs on it in turn.
_DEPENDENTS = """
WITH RECURSIVE direct AS (
  SELECT d.classid, d.objid, d.objsubid, d.deptype FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
  WHERE d.refclassid = 'pg_class'::regclass AND n.nspname = ? AND c.relname = ? AND a.attname = ?
), views AS (
  SELECT r.ev_class AS oid FROM direct d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  WHERE r.rulename = '_RETURN'
  UNION
  SELECT r.ev_class FROM views v JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.oid
  JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid WHERE r.ev_class <> v.oid
)
SELECT 'view ' || c.relname FROM views v JOIN pg_class c ON c.oid = v.oid
UNION SELECT 'rule ' || r.rulename FROM direct d JOIN pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_rewrite'::regclass AND r.rulename <> '_RETURN'
UNION SELECT 'trigger ' || t.tgname FROM direct d JOIN pg_trigger t ON t.oid = d.objid
  WHERE d.classid = 'pg_trigger'::regclass AND NOT t.tgisinternal
UNION SELECT 'policy ' || p.polname FROM direct d JOIN pg_policy p ON p.oid = d.objid
  WHERE d.classid = 'pg_policy'::regclass
UNION SELECT 'function ' || p.proname FROM direct d JOIN pg_proc p ON p.oid = d.objid
  WHERE d.classid = 'pg_proc'::regclass
UNION SELECT 'generated column ' || a.attname FROM direct d
  JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
  JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated <> ''
  WHERE a.attname <> ?
ORDER BY 1"""


def dependents(source: Rows, namespace: str, table: str, column: str) -> tuple[str, ...]:
    """Return what uses a column and is not simply built anew with it: views, also on views, triggers, policies ..."""
    return tuple(name for (name,) in source.rows(_DEPENDENTS, (namespace, table, column, column)))


def require_free(what: str, found: Collection[str]) -> None:
    """Stop at a change of a column that others use.

    Args:
        what: The change, in words.
        found: What uses the column.

    Raises:
        UnsupportedChangeError: With all of them.
    """
    if found:
        raise UnsupportedChangeError(
            f"PostgreSQL does not {what} while it is used by {', '.join(found)}.",
            objects=found if isinstance(found, tuple) else tuple(found),
            hint="drop those, make the change, and make them again; a column that is kept needs none of it",
        )
