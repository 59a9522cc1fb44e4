"""Whatever comes in, a DocType or InvalidDocTypeError comes out, and a DocType has a sound table."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.doctype.fieldtypes import FIELDTYPES
from sodaf_nb.errors import InvalidDocTypeError

KEYS = [
    *("doctype", "name", "fields", "istable", "issingle", "is_virtual", "is_tree", "autoname", "indexes"),
    *("renamed_from", "fieldname", "fieldtype", "label", "options", "required", "not_nullable", "reqd", "unique"),
    *("search_index", "indexed", "length", "precision", "default", "oldfieldname", "columns", "where"),
]
WORDS = [
    *("DocType", "Customer", "autoincrement", "Today", "__user", ":Company", "0", "1", "12.5", "2024-02-30"),
    *("title", "parent", "name", "idx", "owner", "rowid", "1e999", "9:05", "(select 1)", ""),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**30)
    | st.floats()
    | st.text()
    | st.sampled_from([*WORDS, *FIELDTYPES])
    | st.binary()
    | st.sets(st.integers(), max_size=1)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text() | st.integers(), inner, max_size=6)
    ),
    max_leaves=25,
)
FIELD = st.fixed_dictionaries(
    {
        "fieldname": st.from_regex(r"\A[a-z_][a-z0-9_]{0,8}\Z") | st.sampled_from(WORDS) | ANYTHING,
        "fieldtype": st.sampled_from(sorted(FIELDTYPES)) | ANYTHING,
    },
    optional=dict.fromkeys(KEYS[12:], SCALARS),
)
DOCTYPE = st.fixed_dictionaries(
    {"name": st.just("Customer") | ANYTHING, "fields": st.lists(FIELD, max_size=5) | ANYTHING},
    optional={key: ANYTHING for key in KEYS if key not in {"name", "fields"}},
)
FIELDNAMES = st.from_regex(r"\A[a-z][a-z]{2}_[a-z0-9_]{0,8}\Z")
GOOD_FIELD = st.fixed_dictionaries(
    {"fieldname": FIELDNAMES, "fieldtype": st.sampled_from(sorted(FIELDTYPES)), "options": st.just("Customer")},
    optional={key: st.booleans() | st.sampled_from([0, 1, "0", "1"]) for key in ("required", "reqd", "is_virtual")},
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def problems_of(engine, source):
    """Register; return what was refused, or None when the DocType was taken."""
    try:
        engine.register(source)
    except InvalidDocTypeError as error:
        return error
    return None


def outcome(source):
    engine = DocTypeEngine()
    refused = problems_of(engine, source)
    if refused:
        assert all(problem.path.startswith("$") for problem in refused.problems)
        assert str(refused).isprintable()
    assert len(engine) == (0 if refused else 1)
    for doctype in engine:
        is_sound(engine, doctype)


def is_sound(engine, doctype):
    table = engine.wanted_table(doctype.name)
    assert doctype.has_table == (table is not None)
    if table:
        names = [name.lower() for name in table.column_names()]
        assert len(set(names)) == len(names)
        assert {c for index in table.indexes for c in index.columns} <= set(table.column_names())
        hash(table)
    assert DocTypeEngine().register(doctype.to_json()) == doctype


@RELAXED
@given(ANYTHING | DOCTYPE)
def test_any_value_is_read_or_refused(source):
    outcome(source)


@RELAXED
@given(st.text() | DOCTYPE.map(lambda source: json.dumps(source, default=str, skipkeys=True)))
def test_any_text_is_read_or_refused(text):
    outcome(text)


@RELAXED
@given(st.lists(GOOD_FIELD, max_size=8, unique_by=lambda f: f["fieldname"]), st.booleans(), st.booleans())
def test_sound_fields_are_never_refused(fields, istable, is_tree):
    fields = [f for f in fields if f["fieldtype"] != "Dynamic Link"]
    engine = DocTypeEngine()
    engine.register({"name": "Customer", "fields": fields, "istable": istable, "is_tree": is_tree})
    stored = [
        f["fieldname"] for f in fields if FIELDTYPES[f["fieldtype"]].type and f.get("is_virtual") in {None, 0, "0"}
    ]
    own = engine.wanted_table("Customer").column_names()[7 + 3 * istable + 2 * is_tree :]
    assert list(own) == stored


@RELAXED
@given(st.data())
def test_one_changed_character_is_read_or_refused(data):
    source = {"name": "Customer", "fields": [{"fieldname": "a", "fieldtype": "Int", "default": "1", "length": 5}]}
    text = json.dumps(source)
    place = data.draw(st.integers(0, len(text) - 1))
    outcome(text[:place] + data.draw(st.text(max_size=2)) + text[place + 1 :])
