"""Names people gave to tables and columns, as names that a DocType may have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count

from sodaf_nb.doctype.names import MAX_FIELDNAME, doctype_name_problem, fieldname_problem, table_name
from sodaf_nb.doctype.standard import CHILD_COLUMNS
from sodaf_nb.errors import UsageError

# Of every DocType; a column of the same name would be taken for it.
STANDARD = frozenset({"name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"}) | CHILD_COLUMNS

_PREFIX = table_name("")
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ROOM = MAX_FIELDNAME - 2
_LONGEST_NAME = 60  # characters, so that the table's name stays within 63 bytes


def fieldname_for(label: str, taken: Collection[str] = ()) -> str:
    """Return a fieldname for any text, other than those taken and those of standard columns.

    Letters lose their accents, what is no ASCII letter or digit becomes an underscore, and an empty rest is
    called `field`.
    """
    plain = unicodedata.normalize("NFKD", _WORD_ENDS.sub("_", label)).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "field"
    stem = f"_{stem}" if stem[0].isdigit() else stem
    # A number behind it frees a name that is taken, but not one whose beginning the engines keep for themselves.
    stem = f"field_{stem}" if fieldname_problem(f"{stem[:_ROOM]}_2") else stem
    usable = (n for n in _numbered(stem, "_") if n not in taken and n not in STANDARD and not fieldname_problem(n))
    return next(usable)


def _numbered(stem: str, separator: str) -> Iterator[str]:
    yield stem[:MAX_FIELDNAME]
    for number in count(2):
        end = f"{separator}{number}"
        yield f"{stem[: MAX_FIELDNAME - len(end)]}{end}"


def label_for(text: str) -> str:
    """Return a label people read: words apart, the first letter large."""
    words = re.sub(r"[\s_]+", " ", _WORD_ENDS.sub(" ", text)).strip()
    return words[:1].upper() + words[1:]


def doctype_name_for(table: str) -> str:
    """Return the name of a DocType for a table or a class: `tabSales Order` and `sales_order` are `Sales Order`.

    Raises:
        UsageError: If no name can be made of it.
    """
    if table.startswith(_PREFIX) and table[len(_PREFIX) : len(_PREFIX) + 1].isupper():
        return checked_name(table.removeprefix(_PREFIX))
    words = re.findall(r"[A-Za-z0-9]+", _WORD_ENDS.sub(" ", table.rpartition(".")[2]))
    name = " ".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST_NAME].strip()
    return checked_name(name)


def checked_name(name: str) -> str:
    """Return the name of a DocType if it is one.

    Raises:
        UsageError: If it is none.
    """
    if problem := doctype_name_problem(name):
        raise UsageError(f"A DocType cannot be called that: {problem}.", hint="give it another name")
    return name
