"""What a valid DocType says that may not be what its author meant; never an error, never silent."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from sodaf_nb.doctype.fields import KNOWN as FIELD_KEYS
from sodaf_nb.doctype.parse import KNOWN as DOCTYPE_KEYS
from sodaf_nb.doctype.problems import shown, step
from sodaf_nb.doctype.relations import targets
from sodaf_nb.doctype.values import DocType

# Measured: slips of one or two letters reach it, no attribute of 1179 real DocTypes does.
_NEAR = 0.8
# What no DocType and no field can lack: a slip there is an error already, and their names stand in many others.
_NEEDED = frozenset({"name", "fields", "fieldname", "fieldtype"})
_OTHERS = frozenset({"oldfieldtype"})  # no slip of oldfieldname: it stands beside it on thousands of fields
_MOST = 5  # names in one note


def notes(doctype: DocType, *, reqd_not_null: bool) -> tuple[str, ...]:
    """Return what is worth a look in a DocType, a sentence each.

    Args:
        doctype: A DocType that was read without problems.
        reqd_not_null: True when `reqd` makes NOT NULL, so that nothing needs to be said about it.
    """
    reqd = () if reqd_not_null else _reqd(doctype)
    return tuple(f"{doctype.name}: {text}" for text in (*_slips(doctype), *reqd))


def missing_targets(doctype: DocType, loaded: Collection[str]) -> tuple[str, ...]:
    """Return the DocTypes that Link and Table fields name and that are not loaded, sorted."""
    return tuple(sorted(targets(doctype) - set(loaded)))


def listed(names: Iterable[str]) -> str:
    """Return names as a text that stays short."""
    every = tuple(names)
    rest = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return ", ".join(every[:_MOST]) + rest


def _slips(doctype: DocType) -> Iterator[str]:
    entries = [("$", doctype.extra, DOCTYPE_KEYS), *((f.path, f.extra, FIELD_KEYS) for f in doctype.fields)]
    for path, extra, known in entries:
        for key in extra:
            if guess := _meant(key, known):
                yield f"{step(path, key)} is not known and ignored; did you mean {shown(guess)}?"


def _meant(key: str, known: Collection[str]) -> str | None:
    if key in _OTHERS or key in known:  # a layout entry keeps ours beside the others: it uses none of them
        return None
    plain = {_plain(name): name for name in known if name not in _NEEDED}
    near = difflib.get_close_matches(_plain(key), plain, n=1, cutoff=_NEAR)
    return plain[near[0]] if near else None


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


def _reqd(doctype: DocType) -> Iterator[str]:
    names = [f.fieldname for f in doctype.fields if f.reqd and not f.required and f.column_type is not None]
    if names and doctype.has_table:
        yield (
            f"reqd ({listed(names)}) is enforced by the application, not by the database; "
            "for NOT NULL write required, or use DocTypeEngine(reqd_not_null=True)"
        )
