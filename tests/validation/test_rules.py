"""Each rule fires on its case, and is silent beside it."""

import pytest

from sodaf_nb.plan import CreateIndex, DropTable
from sodaf_nb.schema import Index
from sodaf_nb.schema.types import varchar
from sodaf_nb.validation import Group, MigrationValidator, Severity
from sodaf_nb.validation.rules import all_rules
from tests.plan.making import INTEGER, TABLE, TEXT, add, alter, drop, rename, table
from tests.validation.making import evidence

BLOCK, WARN, INFO = Severity.BLOCK, Severity.WARN, Severity.INFO


def found(*operations, **attributes):
    return [(f.rule, f.severity) for f in MigrationValidator().validate(evidence(*operations, **attributes))]


def only(*operations, **attributes):
    (finding,) = MigrationValidator().validate(evidence(*operations, **attributes))
    return finding


def test_every_file_of_the_folder_is_a_rule():
    assert [rule.__module__.rpartition(".")[2] for rule in all_rules()] == [
        *("bc06_probable_rename", "ds02_drop_table", "ds03_drop_column", "ds07_narrower", "ds08_inexact"),
        *("ds12_reused_name", "hy13_no_way_back", "mf01_duplicates", "mf04_nulls", "sx01_syntax"),
    ]


def test_a_harmless_plan_has_no_finding():
    assert found(add("city"), rename("a", "b"), alter("c", TEXT, TEXT, default="x")) == []


# ---------------------------------------------------------------- BC06


def test_bc06_warns_of_a_kept_column_that_looks_like_the_new_one():
    finding = only(add("town"), rename_candidates=(("city", "town"),))
    assert (finding.rule, finding.severity, finding.object) == ("BC06", WARN, "tabCustomer.town")
    assert "city:town" in finding.fix


def test_bc06_is_silent_without_a_candidate():
    assert found(add("town"), rename_candidates=()) == []


# ---------------------------------------------------------------- DS02


def test_ds02_stops_the_drop_of_a_table_with_rows():
    finding = only(DropTable(table=table()), rows={TABLE: 3})
    assert (finding.rule, finding.severity, finding.count) == ("DS02", BLOCK, 3)
    assert finding.message == "tabCustomer is dropped with its 3 rows."
    assert (finding.group, finding.acceptable) == (Group.DATA_LOSS_RISK, True)


def test_ds02_only_notes_the_drop_of_an_empty_table():
    finding = only(DropTable(table=table()), rows={TABLE: 0})
    assert (finding.severity, finding.count, finding.fix) == (INFO, 0, "")


def test_ds02_stops_a_rollback_that_would_take_rows_written_since():
    assert found(DropTable(table=table()), rows={TABLE: 3}, kind="rollback") == [("DS02", BLOCK)]


def test_ds02_is_silent_when_no_table_is_dropped():
    assert found(add("city"), rows={TABLE: 3}) == []


# ---------------------------------------------------------------- DS03


def test_ds03_stops_the_drop_of_a_column_with_values():
    finding = only(add("x"), drop("city"), counts={(1, "filled"): (2, ("CUST-1", "CUST-2"))})
    assert (finding.rule, finding.severity, finding.object) == ("DS03", BLOCK, "tabCustomer.city")
    assert (finding.count, finding.samples) == (2, ("CUST-1", "CUST-2"))
    assert finding.message == "tabCustomer.city is dropped; 2 rows hold a value in it."


def test_ds03_only_notes_the_drop_of_an_empty_column():
    assert found(drop("city"), counts={(0, "filled"): 0}) == [("DS03", INFO)]


def test_ds03_warns_in_a_rollback():
    assert found(drop("city"), counts={(0, "filled"): 2}, kind="rollback") == [("DS03", WARN)]


def test_ds03_is_silent_when_no_column_is_dropped():
    assert found(add("city"), counts={(0, "filled"): 2}) == []


# ---------------------------------------------------------------- DS07


def test_ds07_warns_of_values_longer_than_the_new_length():
    finding = only(alter("city", varchar(140), varchar(5)), counts={(0, "too_long"): (1, ("CUST-1",))})
    assert (finding.rule, finding.severity, finding.samples) == ("DS07", WARN, ("CUST-1",))
    assert finding.message == "1 value of tabCustomer.city is longer than varchar(5); it is kept whole."


def test_ds07_is_silent_when_all_values_fit():
    assert found(alter("city", varchar(140), varchar(5)), counts={(0, "too_long"): 0}) == []


# ---------------------------------------------------------------- DS08

RETYPE = alter("size", TEXT, INTEGER)


def test_ds08_stops_a_conversion_that_loses_values():
    finding = only(RETYPE, counts={(0, "inexact"): (1, ("CUST-9",))})
    assert (finding.rule, finding.severity, finding.acceptable) == ("DS08", BLOCK, True)
    assert finding.message == "1 value of tabCustomer.size is no exact integer and becomes empty."


def test_ds08_is_silent_when_every_value_converts_exactly():
    assert found(RETYPE, counts={(0, "inexact"): 0}) == []


@pytest.mark.parametrize(
    ("attributes", "acceptable"),
    [({}, False), ({"backfill": 0}, True), ({"default": 0}, True), ({"autoincrement": True}, True)],
)
def test_ds08_cannot_be_accepted_when_a_required_column_would_be_empty(attributes, acceptable):
    operation = alter("size", TEXT, INTEGER, nullable=False, **attributes)
    assert only(operation, counts={(0, "inexact"): 1}).acceptable is acceptable


def test_ds08_says_that_keys_are_numbered_anew():
    key = alter("name", TEXT, INTEGER, nullable=False, autoincrement=True)
    assert only(key, counts={(0, "inexact"): 1}).message.endswith("and is numbered anew.")


# ---------------------------------------------------------------- DS12


def test_ds12_stops_a_field_that_takes_over_what_a_removed_one_left():
    finding = only(RETYPE, counts={(0, "filled"): 4}, managed=frozenset({"name"}))
    assert (finding.rule, finding.severity, finding.count) == ("DS12", BLOCK, 4)
    assert "4 old values would become integer" in finding.message


def test_ds12_only_notes_a_column_that_was_left_empty():
    assert found(RETYPE, counts={(0, "filled"): 0}, managed=frozenset({"name"})) == [("DS12", INFO)]


def test_ds12_is_silent_for_a_column_that_was_a_field_all_along():
    assert found(RETYPE, counts={(0, "filled"): 4}, managed=frozenset({"size"})) == []


def test_ds12_is_silent_for_a_column_that_somebody_renamed_to_its_new_name():
    assert found(rename("extent", "size"), RETYPE, counts={(1, "filled"): 4}, managed=frozenset({"extent"})) == []


def test_ds12_is_silent_without_a_record_in_a_rollback_and_without_a_new_type():
    counts = {(0, "filled"): 4}
    assert found(RETYPE, counts=counts, managed=None) == []
    assert found(RETYPE, counts=counts, managed=frozenset(), kind="rollback") == []
    assert found(alter("size", TEXT, TEXT, default="x"), counts=counts, managed=frozenset()) == []


# ---------------------------------------------------------------- HY13


def test_hy13_warns_when_there_is_no_exact_way_back():
    finding = only(add("city"), problem="the way back leaves table tabcustomer different")
    assert (finding.rule, finding.severity, finding.group) == ("HY13", WARN, Group.ROLLBACK_POSSIBILITY)
    assert "leaves table tabcustomer different" in finding.message


def test_hy13_is_silent_when_the_way_back_is_exact():
    assert found(add("city"), problem="") == []


# ---------------------------------------------------------------- MF01

UNIQUE = CreateIndex(index=Index(table=TABLE, columns=("city", "zip"), unique=True, name="ux"))


def test_mf01_stops_a_unique_index_on_duplicates_and_cannot_be_accepted():
    finding = only(UNIQUE, counts={(0, "duplicates"): (2, ("Berlin", "Oslo"))})
    assert (finding.rule, finding.severity, finding.acceptable) == ("MF01", BLOCK, False)
    assert (finding.object, finding.samples) == ("tabCustomer.city, zip", ("Berlin", "Oslo"))


def test_mf01_is_silent_when_all_values_differ():
    assert found(UNIQUE, counts={(0, "duplicates"): 0}) == []


# ---------------------------------------------------------------- MF03 and MF04


@pytest.mark.parametrize(
    ("operation", "rule"),
    [(add("vat", nullable=False), "MF03"), (alter("vat", TEXT, TEXT, nullable=False), "MF04")],
)
def test_a_required_column_that_rows_have_no_value_for_is_stopped(operation, rule):
    finding = only(operation, counts={(0, "nulls"): (5, ("A",))})
    assert (finding.rule, finding.severity, finding.acceptable, finding.count) == (rule, BLOCK, False, 5)
    assert "backfill vat=VALUE" in finding.fix


@pytest.mark.parametrize("operation", [add("vat", nullable=False), alter("vat", TEXT, TEXT, nullable=False)])
def test_a_required_column_is_fine_when_no_row_lacks_a_value(operation):
    assert found(operation, counts={(0, "nulls"): 0}) == []


# ---------------------------------------------------------------- SX01


def test_sx01_stops_a_statement_that_the_engine_refuses():
    finding = only(add("city"), syntax_errors=(("ALTER TABLE x\nADD", "near ADD: syntax error"),))
    assert (finding.rule, finding.severity, finding.group) == ("SX01", BLOCK, Group.SQL_SYNTAX)
    assert finding.message == "The engine refuses 'ALTER TABLE x': near ADD: syntax error."
    assert not finding.acceptable


def test_sx01_is_silent_when_every_statement_runs():
    assert found(add("city"), syntax_errors=()) == []
