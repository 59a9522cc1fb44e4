"""Evidence put together by hand: the rules see values, never a database."""

from sodaf_nb.sql import Script
from sodaf_nb.validation import Count, Evidence, Facts
from tests.plan.making import plan


def evidence(*operations, rows=None, counts=None, problem="", kind="sync", **attributes):
    """Return evidence; `counts` is {(number of the operation, aspect): rows or (rows, samples)}."""
    pairs = {key: (value if isinstance(value, tuple) else (value, ())) for key, value in (counts or {}).items()}
    facts = Facts(rows=rows or {}, counts={key: Count(rows=n, samples=s) for key, (n, s) in pairs.items()})
    return Evidence(plan=plan(*operations, kind=kind), script=Script(problem=problem), facts=facts, **attributes)
