"""A DataFrame drafted as a DocType: what its values are decides, not what pandas fell back to."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb import DocTypeEngine
from sodaf_nb.doctype.drafting import draft_doctypes, draft_frame
from sodaf_nb.doctype.names import fieldname_problem
from sodaf_nb.errors import UsageError


def only(values, **kinds):
    draft = draft_frame(pd.DataFrame({"x": pd.Series(values, **kinds)}), "Thing")
    return draft.document["fields"][0] if draft.document["fields"] else None, draft.remarks


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], {"fieldtype": "Int"}),
        ([1, 2**40], {"fieldtype": "Long Int"}),
        ([1.5, 2.0], {"fieldtype": "Float"}),
        ([float("inf"), 2.0], {"fieldtype": "Float"}),
        (["a", "b"], {"fieldtype": "Data"}),
        (["a" * 141], {"fieldtype": "Text"}),
        (["a\nb"], {"fieldtype": "Text"}),
        ([Decimal("1.25"), None], {"fieldtype": "Currency"}),
        ([datetime(2024, 1, 1, 3, tzinfo=None)], {"fieldtype": "Datetime"}),  # noqa: DTZ001  as data has them
        ([date(2024, 1, 1)], {"fieldtype": "Date"}),
        ([time(3, 4)], {"fieldtype": "Time"}),
        ([{"a": 1}], {"fieldtype": "JSON"}),
        ([[1]], {"fieldtype": "JSON"}),
    ],
)
def test_values_that_leave_no_question(values, expected):
    field, remarks = only(values)

    assert {key: field[key] for key in expected} == expected
    assert remarks == ()


@pytest.mark.parametrize(
    ("values", "fieldtype", "remark"),
    [
        ([1.0, None, 3.0], "Int", "whole numbers only"),
        ([True, False], "Check", "no third state"),
        ([True, None], "Check", "no third state"),
        ([2**70], "Data", "beyond 64 bits"),
        ([None, None], "Data", "no values"),
        ([pd.Timestamp("2024-01-01")], "Date", "midnights only"),
        ([pd.Timestamp("2024-01-01 03:00", tz="UTC")], "Datetime", "UTC is not stored"),
        ([timedelta(seconds=3)], "Duration", "in seconds"),
        ([1, "a"], "Data", "mixes texts and numbers"),
        ([Decimal("0.0000000001")], "Data", "more than 9 digits"),
    ],
)
def test_a_guess_is_named(values, fieldtype, remark):
    field, remarks = only(values)

    assert field["fieldtype"] == fieldtype
    assert remark in " ".join(remarks)


def test_mixed_numbers_as_objects_are_real():
    field, remarks = only([1, 1.5], dtype=object)

    assert field["fieldtype"] == "Float"
    assert "mixes whole numbers" in remarks[0]


@pytest.mark.parametrize("values", [[b"x"], [b"x", {}], [object()]])
def test_what_cannot_be_stored_is_left_out_and_named(values):
    field, remarks = only(values, dtype=object)

    assert field is None
    assert "left out" in remarks[0]


def test_nullable_dtypes_keep_their_kind():
    assert only([1, None], dtype="Int64")[0]["fieldtype"] == "Int"
    assert only([True, None], dtype="boolean")[0]["fieldtype"] == "Check"
    assert only(["a", None], dtype="string")[0]["fieldtype"] == "Data"
    assert only([1, 2**63], dtype="uint64")[0]["fieldtype"] == "Data"


def test_categories_become_choices_when_they_can():
    assert only(["b", "a"], dtype="category")[0] == {
        "fieldname": "x",
        "label": "X",
        "fieldtype": "Select",
        "options": "\na\nb",
    }
    assert only([1, 2], dtype="category")[0]["fieldtype"] == "Int"


@pytest.mark.parametrize("label", ["sqlite_x", "pg_" + "a" * 70, "rowid", "", "_", "é", "9", "a" * 80])
def test_any_label_becomes_a_name_that_is_free(label):
    frame = pd.DataFrame([[1, 2]], columns=[label, label])
    first, second = (field["fieldname"] for field in draft_frame(frame, "Thing").document["fields"])

    assert first != second
    assert fieldname_problem(first) is None
    assert fieldname_problem(second) is None


def test_names_that_columns_cannot_have_are_changed_and_kept_as_labels():
    frame = pd.DataFrame([[1, 2, 3, 4, 5]], columns=["Straße Nr", "name", "2nd", "owner", "Straße  Nr"])
    draft = draft_frame(frame, "Thing")

    assert [f["fieldname"] for f in draft.document["fields"]] == ["strae_nr", "name_2", "_2nd", "owner_2", "strae_nr_2"]
    assert draft.document["fields"][0]["label"] == "Straße Nr"
    assert "name: is called name_2" in draft.remarks


@given(
    st.lists(st.text(max_size=80), min_size=1, max_size=6),
    st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.booleans()), min_size=1, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_frame_holds_the_draft_is_a_valid_doctype(names, values):
    frame = pd.DataFrame({place: pd.Series(values, dtype=object) for place in range(len(names))})
    frame.columns = pd.Index(names, dtype=object)

    DocTypeEngine().register(draft_frame(frame, "Thing").document)


def test_the_source_decides_what_is_drafted():
    with pytest.raises(UsageError, match="has no name"):
        draft_doctypes(pd.DataFrame({"a": [1]}))
    with pytest.raises(UsageError, match="describes no table"):
        draft_doctypes(np.array([1]))
    with pytest.raises(UsageError, match="cannot be called that"):
        draft_doctypes(pd.DataFrame({"a": [1]}), "no;name")
    assert draft_doctypes(pd.DataFrame({"a": [1]}), "Thing")[0].heading() == "Draft of Thing from a DataFrame of 1 row"
