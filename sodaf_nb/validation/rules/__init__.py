"""The rules, one file each. A rule is a pure function from evidence to findings.

To add one: a module here whose `check` yields findings; it is found by being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable

from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding

Rule = Callable[[Evidence], Iterable[Finding]]


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of this folder, in the order of their file names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return tuple(module.check for module in modules)
