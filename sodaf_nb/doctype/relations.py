"""How loaded DocTypes depend on each other, and where rows hold the name of a DocType."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sodaf_nb.doctype.fieldtypes import Options
from sodaf_nb.doctype.values import DocType

_TARGETS = (Options.DOCTYPE, Options.CHILD)


def dependency_order(doctypes: Mapping[str, DocType]) -> tuple[str, ...]:
    """Return the names with Link and Table targets first, otherwise by name.

    Targets that are not loaded are passed over; within a cycle the order is by name from where it is entered.
    """
    order: dict[str, None] = {}
    seen: set[str] = set()
    for root in sorted(doctypes):
        _visit(root, doctypes, seen, order)
    return tuple(order)


def _visit(root: str, doctypes: Mapping[str, DocType], seen: set[str], order: dict[str, None]) -> None:
    # A stack of our own: a chain of a thousand DocTypes must not end in RecursionError.
    stack = [(root, _targets(root, doctypes))] if root not in seen else []
    seen.add(root)
    while stack:
        name, targets = stack[-1]
        target = next((t for t in targets if t not in seen), None)
        if target is None:
            order[name] = None
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, _targets(target, doctypes)))


def _targets(name: str, doctypes: Mapping[str, DocType]) -> Iterator[str]:
    return iter(sorted(targets(doctypes[name]) & doctypes.keys()))


def targets(doctype: DocType) -> set[str]:
    """Return the DocTypes that a DocType's Link and Table fields name."""
    return {f.options for f in doctype.fields if f.kind.options in _TARGETS and f.options}


def references_to(doctype: DocType, doctypes: Mapping[str, DocType]) -> tuple[tuple[str, str], ...]:
    """Return the (table, column) pairs whose rows may hold the name of `doctype`, sorted.

    These are `parenttype` of its own child tables, every Link to DocType and the column that names the
    target of every Dynamic Link. Only loaded DocTypes with a table count.
    """
    children = {f.options for f in doctype.fields if f.kind.options is Options.CHILD}
    parents = {(child.table, "parenttype") for name, child in doctypes.items() if name in children and child.has_table}
    stored = (other for other in doctypes.values() if other.has_table)
    return tuple(sorted(parents.union(*map(_naming_columns, stored))))


def _naming_columns(doctype: DocType) -> set[tuple[str, str]]:
    fields = [f for f in doctype.fields if f.column_type is not None]
    links = {f.fieldname for f in fields if f.kind.options is Options.DOCTYPE and f.options == "DocType"}
    dynamic = {f.options for f in fields if f.kind.options is Options.FIELD and f.options}
    return {(doctype.table, column) for column in links | dynamic}
