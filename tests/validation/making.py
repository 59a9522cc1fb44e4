"""Evidence put together by hand: the rules see values, never a database."""

from sodaf_nb.sql import Script
from sodaf_nb.validation import Count, Evidence, Facts
from tests.plan.making import plan


def evidence(
    *operations, rows=None, counts=None, problem="", kind="sync", facts=None, steps=(), objects=(), **attributes
):
    """Return evidence; `counts` is {(number of the operation, aspect): rows or (rows, samples)}."""
    pairs = {key: (value if isinstance(value, tuple) else (value, ())) for key, value in (counts or {}).items()}
    counted = {key: Count(rows=n, samples=s) for key, (n, s) in pairs.items()}
    script = Script(problem=problem, up=tuple(steps), objects=tuple(objects))
    known = Facts(rows=rows or {}, counts=counted, **(facts or {}))
    return Evidence(plan=plan(*operations, kind=kind), script=script, facts=known, **attributes)
