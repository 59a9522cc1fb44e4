"""A pandas DataFrame to a DocType: the types its values really have, not the ones pandas fell back to.

pandas is not imported: whoever has a DataFrame has it already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sodaf_nb.doctype.drafting.columns import text_field
from sodaf_nb.doctype.drafting.draft import Draft, FieldJson, document
from sodaf_nb.doctype.drafting.naming import checked_name, fieldname_for, label_for
from sodaf_nb.tabular import counted

_INT = 2**31
_LONG = 2**63
_USUAL_LENGTH = 140
_MOST_CHOICES = 50

Found = tuple[FieldJson | None, str]
"""The field without its name, None when the column cannot be stored; and what a person should know."""


def is_frame(source: object) -> bool:
    """Return True for a pandas DataFrame."""
    kind = type(source)
    return any(k.__name__ == "DataFrame" and k.__module__.partition(".")[0] == "pandas" for k in kind.__mro__)


def draft_frame(frame: Any, name: str) -> Draft:
    """Return the draft of a DocType for the columns of a DataFrame; every value is looked at.

    Args:
        frame: A pandas DataFrame.
        name: What to call the DocType.

    Raises:
        UsageError: If a DocType cannot have that name.
    """
    fields, remarks, taken = list[FieldJson](), list[str](), set[str]()
    for place, label in enumerate(map(str, frame.columns)):
        found, why = _field(frame.iloc[:, place])
        if found is None:
            remarks.append(f"{label}: left out; {why}")
            continue
        fieldname = fieldname_for(label, taken)
        taken.add(fieldname)
        fields.append({"fieldname": fieldname, "label": label_for(label), **found})
        changes = [*([f"is called {fieldname}"] if fieldname != label else []), *([why] if why else [])]
        remarks += [f"{label}: {'; '.join(changes)}"] if changes else []
    return Draft(
        document=document(checked_name(name), fields),
        remarks=tuple(remarks),
        origin=f"a DataFrame of {counted(len(frame), 'row')}",
    )


def _field(series: Any) -> Found:
    present = series.dropna()
    if series.dtype.name == "category":
        return _category(series, present)
    if len(present) == 0:
        return text_field(_USUAL_LENGTH), "has no values; Data is a guess"
    kind = getattr(series.dtype, "kind", "O")
    return _BY_KIND.get(kind, _objects)(present)


def _category(series: Any, present: Any) -> Found:
    choices = list(series.cat.categories)
    usable = all(isinstance(c, str) and c and "\n" not in c and len(c) <= _USUAL_LENGTH for c in choices)
    if usable and len(choices) <= _MOST_CHOICES:
        return {"fieldtype": "Select", "options": "\n".join(["", *choices])}, ""
    return _objects(present.astype(object))


def _whole(present: Any) -> Found:
    least, most = int(present.min()), int(present.max())
    if least >= -_INT and most < _INT:
        return {"fieldtype": "Int"}, ""
    if least >= -_LONG and most < _LONG:
        return {"fieldtype": "Long Int"}, ""
    return text_field(_USUAL_LENGTH), "has whole numbers beyond 64 bits; as text they stay exact"


def _real(present: Any) -> Found:
    finite = present[abs(present) != float("inf")]
    if len(finite) == len(present) and bool((present % 1 == 0).all()) and abs(present).max() < 2**53:
        found, why = _whole(present)
        return found, "; ".join(["holds whole numbers only, floats because of the gaps", *filter(None, [why])])
    return {"fieldtype": "Float"}, ""


def _moments(present: Any) -> Found:
    zone = getattr(present.dtype, "tz", None)
    if bool((present == present.dt.normalize()).all()):
        return {"fieldtype": "Date"}, "holds midnights only, so Date; make it Datetime if times will come"
    return {"fieldtype": "Datetime"}, f"the time zone {zone} is not stored" if zone else ""


def _objects(present: Any) -> Found:
    kinds = {_kind(value) for value in present}
    if len(kinds) == 1:
        return _BY_TYPE.get(next(iter(kinds)), _unknown)(present)
    if kinds <= {int, float}:
        return {"fieldtype": "Float"}, "mixes whole numbers and others"
    if kinds <= {str, int, float, bool, Decimal}:
        field, _why = _texts([str(value) for value in present])
        return field, "mixes texts and numbers, so all are kept as text"
    return None, f"it mixes {', '.join(sorted(kind.__name__ for kind in kinds))}"


def _kind(value: object) -> type:
    """Return the plain type of a value, the nearest of those known here."""
    return next((kind for kind in _BY_TYPE if isinstance(value, kind)), type(value))


def _texts(values: Iterable[str]) -> Found:
    texts = list(values)
    longest = max(map(len, texts))
    if longest > _USUAL_LENGTH or any("\n" in text for text in texts):
        return {"fieldtype": "Text"}, ""
    return text_field(_USUAL_LENGTH), ""


def _decimals(present: Any) -> Found:
    most = max(-int(value.as_tuple().exponent) for value in present if value.is_finite())
    if most > 9:  # noqa: PLR2004  digits of a Currency after the point
        return text_field(_USUAL_LENGTH), "has more than 9 digits after the point; as text they stay exact"
    return {"fieldtype": "Currency"}, ""


def _integers(present: Any) -> Found:
    return _whole(present)


def _unknown(present: Any) -> Found:
    return None, f"no fieldtype holds {_kind(present.iloc[0]).__name__} values"


def _always(fieldtype: str, why: str = "") -> Callable[[Any], Found]:
    return lambda _present: ({"fieldtype": fieldtype}, why)


# The kind of a NumPy or pandas dtype.
_BY_KIND: Mapping[str, Callable[[Any], Found]] = MappingProxyType(
    {
        "b": _always("Check", "a Check has no third state: missing values become 0"),
        "i": _whole,
        "u": _whole,
        "f": _real,
        "M": _moments,
        "m": _always("Duration", "in seconds"),
    }
)

# In this order: a bool is an int, a datetime is a date.
_BY_TYPE: Mapping[type, Callable[[Any], Found]] = MappingProxyType(
    {
        bool: _always("Check", "a Check has no third state: missing values become 0"),
        int: _integers,
        float: _real,
        str: _texts,
        Decimal: _decimals,
        datetime: _always("Datetime"),
        date: _always("Date"),
        time: _always("Time"),
        timedelta: _always("Duration", "in seconds"),
        dict: _always("JSON"),
        list: _always("JSON"),
    }
)
