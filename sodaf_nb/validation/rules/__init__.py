"""The rules, one file each. A rule is a pure function from evidence to findings.

To add one: a module here whose `check` yields findings, and whose `ABOUT` explains them; it is found by being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding

Rule = Callable[[Evidence], Iterable[Finding]]


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of this folder, in the order of their file names."""
    return tuple(module.check for module in _modules())


@cache
def catalogue() -> Mapping[str, About]:
    """Return what each rule is about, by id, sorted."""
    found = (about for module in _modules() for about in module.ABOUT)
    return MappingProxyType({about.rule: about for about in sorted(found, key=lambda about: about.rule)})


def _modules() -> Iterator[Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return (importlib.import_module(f"{__name__}.{name}") for name in names)
