"""The rules, one file each. A rule is a pure function from evidence to findings.

To add one: a module here with the ids it gives, `IDS`, and a `check` that yields findings; it is found by
being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any

from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding

Rule = Callable[[Evidence], Iterable[Finding]]


def rule_ids() -> tuple[str, ...]:
    """Return the ids of all rules, sorted."""
    return tuple(sorted(rule for module in _modules() for rule in module.IDS))


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of this folder, in the order of their file names."""
    return tuple(module.check for module in _modules())


def _modules() -> list[Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]
