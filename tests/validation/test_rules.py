"""Each rule fires on its case, and is silent beside it."""

import importlib
import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from sodaf_nb.commands.wording import words
from sodaf_nb.plan import CreateIndex, CreateTable, DedupeColumn, DropIndex, DropTable, RunPatch
from sodaf_nb.schema import Index, SchemaObject
from sodaf_nb.schema.types import varchar
from sodaf_nb.sql import Step
from sodaf_nb.validation import Count, Group, MigrationValidator, Severity, rules
from sodaf_nb.validation.elsewhere import ELSEWHERE
from sodaf_nb.validation.evidence import Effect, LooseKey
from sodaf_nb.validation.large import LARGE
from sodaf_nb.validation.rules import all_rules, catalogue
from tests.plan.making import INTEGER, TABLE, TEXT, add, alter, drop, rename, rename_table, table
from tests.quality.project import ROOT
from tests.validation.making import evidence

BLOCK, WARN, INFO = Severity.BLOCK, Severity.WARN, Severity.INFO


def found(*operations, **attributes):
    return [(f.rule, f.severity) for f in MigrationValidator().validate(evidence(*operations, **attributes))]


def only(*operations, **attributes):
    (finding,) = MigrationValidator().validate(evidence(*operations, **attributes))
    return finding


def test_every_file_of_the_folder_is_a_rule():
    files = sorted(path.stem for path in Path(rules.__file__).parent.glob("[a-z]*.py"))
    assert [rule.__module__.rpartition(".")[2] for rule in all_rules()] == files


def test_a_harmless_plan_has_no_finding():
    assert found(add("city"), alter("c", TEXT, TEXT, default="x"), rows={TABLE: 5}) == []


# ---------------------------------------------------------------- the catalogue is whole

SIZES = {"DS": 14, "MF": 12, "BC": 7, "LK": 24, "HY": 14}
EVERY_ID = {f"{family}{number:02}" for family, size in SIZES.items() for number in range(1, size + 1)}


def test_every_known_danger_is_reported_or_has_a_reason_why_not():
    assert set(catalogue()) - {"SX01"} | set(ELSEWHERE) == EVERY_ID
    assert set(catalogue()).isdisjoint(ELSEWHERE)


def test_every_rule_reports_only_ids_it_explains():
    for path in Path(rules.__file__).parent.glob("[a-z]*.py"):
        text = path.read_text()
        explained = {about.rule for about in importlib.import_module(f"{rules.__name__}.{path.stem}").ABOUT}
        assert set(re.findall(r'"([A-Z]{2}[0-9]{2})"', text)) == explained


def test_the_page_about_the_rules_is_written_from_them():
    page = runpy.run_path(str(ROOT / "scripts" / "rules.py"))["text"]()
    assert (ROOT / "docs" / "rules.md").read_text() == page, "make rules"


def test_every_rule_has_a_test_that_names_it():
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [rule for rule in catalogue() if rule not in texts] == []


# ---------------------------------------------------------------- MF12


@pytest.mark.parametrize(("how", "fate"), [("blank", "emptied there"), ("suffix", "followed there by the key")])
def test_mf12_warns_of_values_that_are_changed_to_be_unique(how, fate):
    operation = DedupeColumn(table=TABLE, column="email", how=how, key="name")
    finding = only(operation, counts={(0, "filled"): (2, ("A", "B"))})
    assert (finding.rule, finding.severity, finding.count, finding.samples) == ("MF12", WARN, 2, ("A", "B"))
    assert fate in finding.message


def test_mf12_is_silent_when_no_rows_share_a_value():
    assert found(DedupeColumn(table=TABLE, column="email", how="blank", key="name")) == []


# ---------------------------------------------------------------- BC06


def test_bc06_warns_of_a_kept_column_that_looks_like_the_new_one():
    finding = only(add("town"), rename_candidates=(("city", "town"),))
    assert (finding.rule, finding.severity, finding.object) == ("BC06", WARN, "tabCustomer.town")
    assert 'answer with field_renames={"city": "town"}' in finding.fix


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


def test_ds03_stops_a_rollback_as_well():
    assert found(drop("city"), counts={(0, "filled"): 2}, kind="rollback") == [("DS03", BLOCK)]


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
    given = found(rename("extent", "size"), RETYPE, counts={(1, "filled"): 4}, managed=frozenset({"extent"}))
    assert "DS12" not in {rule for rule, _severity in given}


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
    assert 'backfill={"vat": VALUE}' in finding.fix
    assert "with --backfill vat=VALUE, or" in finding.in_words(words("%migrate")).fix


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


# ---------------------------------------------------------------- MF02 and MF08


def test_mf02_is_an_index_that_becomes_unique():
    before = DropIndex(index=Index(table=TABLE, columns=("city", "zip"), name="ix"))
    assert found(before, UNIQUE, counts={(1, "duplicates"): 1}) == [("MF02", BLOCK)]
    assert found(before, UNIQUE, counts={(1, "duplicates"): 0}) == []


@pytest.mark.parametrize(
    "operation", [add("zip", default="x"), alter("zip", TEXT, TEXT, nullable=False, default="x")], ids=["new", "filled"]
)
def test_mf08_is_one_value_for_rows_that_must_differ(operation):
    finding = only(operation, UNIQUE, counts={(1, "duplicates"): 1})
    assert (finding.rule, finding.severity, finding.acceptable) == ("MF08", BLOCK, False)
    assert found(operation, UNIQUE, counts={(1, "duplicates"): 0}) == []


# ---------------------------------------------------------------- MF05, MF06, MF07, MF09 and MF11


def test_mf05_stops_values_that_break_a_check():
    finding = only(RETYPE, counts={(0, "broken_check"): (2, ("R1",))})
    assert (finding.rule, finding.severity, finding.acceptable, finding.count) == ("MF05", BLOCK, True, 2)
    assert found(RETYPE, counts={(0, "broken_check"): 0}) == []


def test_mf06_stops_a_plan_that_makes_a_key_loose_and_warns_of_one_that_was():
    made = LooseKey(child="tabNote.customer", parent="tabCustomer.code", index="ux_code")
    assert found(add(), facts={"loose_keys": (made,)}) == [("MF06", BLOCK)]
    assert found(add(), facts={"loose_keys": (replace(made, index=None),)}) == [("MF06", WARN)]
    assert found(add(), facts={"loose_keys": ()}) == []


def test_mf07_warns_of_values_that_are_no_choice():
    finding = only(add(), facts={"other_choices": {"status": Count(rows=2, samples=("R1", "R2"))}})
    assert (finding.rule, finding.severity, finding.object) == ("MF07", WARN, "tabCustomer.status")
    assert found(add(), facts={"other_choices": {"status": Count(rows=0)}}) == []


def test_mf09_stops_a_conversion_that_merges_unique_values():
    finding = only(RETYPE, counts={(0, "merged"): (1, ("x",))})
    assert (finding.rule, finding.severity, finding.acceptable) == ("MF09", BLOCK, False)
    assert found(RETYPE, counts={(0, "merged"): 0}) == []


def test_mf11_warns_of_child_rows_that_no_field_leads_to():
    finding = only(add(), facts={"strays": {"tabItem": Count(rows=1)}})
    assert (finding.rule, finding.severity) == ("MF11", WARN)
    assert finding.message == "1 row of tabItem belongs to a Table field that Customer does not have."
    assert found(add(), facts={"strays": {"tabItem": Count(rows=0)}}) == []


# ---------------------------------------------------------------- DS13, DS14 and HY14

PATCH = RunPatch(table=TABLE, name="tidy", language="sql", body="...", columns=("city",))


def test_ds13_and_ds14_stop_a_patch_that_deletes_or_overwrites():
    effect = Effect(
        updated=3, deleted=2, filled={"zip": 1}, overwritten={"city": 3}, samples={"": ("a", "b"), "city": ("c",)}
    )
    given = MigrationValidator().validate(evidence(PATCH, kind="patch", facts={"effect": effect}))
    assert [(f.rule, f.severity, f.object, f.count) for f in given] == [
        ("DS13", BLOCK, TABLE, 2),
        ("DS14", BLOCK, f"{TABLE}.city", 3),
        ("HY14", INFO, TABLE, 5),
    ]
    assert [f.samples for f in given] == [("a", "b"), ("c",), ()]


def test_hy14_alone_is_said_of_a_patch_that_fills_and_inserts():
    effect = Effect(inserted=1, updated=2, filled={"city": 2})
    assert found(PATCH, kind="patch", facts={"effect": effect}) == [("HY14", INFO)]
    assert found(PATCH, kind="patch") == []


# ---------------------------------------------------------------- DS04, DS09 and DS10


UNNUMBERED = alter("name", INTEGER, TEXT, was={"autoincrement": True})


@pytest.mark.parametrize("operation", [UNNUMBERED, DropTable(table=table(add("id", autoincrement=True).column))])
def test_ds04_warns_of_a_number_that_is_forgotten(operation):
    finding = found(operation, facts={"counters": {TABLE: 7}})
    assert ("DS04", WARN) in finding
    assert "DS04" not in {rule for rule, _ in found(operation, facts={"counters": {}})}


def test_ds04_is_silent_when_the_table_goes_on_numbering():
    assert found(alter("name", INTEGER, INTEGER, autoincrement=True), facts={"counters": {TABLE: 7}}) == []


@pytest.mark.parametrize(
    ("definition", "kinds"),
    [
        ("city TEXT CHECK (city <> '')", ["CHECK"]),
        ("city TEXT REFERENCES towns(name)", ["foreign key"]),
        ("city TEXT CHECK (1) REFERENCES towns", ["CHECK", "foreign key"]),
        ("city TEXT DEFAULT 'CHECK' /* REFERENCES */", []),
    ],
)
def test_ds09_warns_of_the_constraints_of_a_dropped_column(definition, kinds):
    findings = MigrationValidator().validate(evidence(drop("city", definition=definition)))
    assert [f.message.split()[1] for f in findings if f.rule == "DS09"] == [kind.split()[0] for kind in kinds]


def test_ds09_warns_of_uniqueness_that_goes_but_not_of_one_made_anew():
    gone = DropIndex(index=UNIQUE.index)
    assert found(gone) == [("DS09", WARN)]
    assert found(gone, kind="rollback") == [("DS09", INFO)]
    assert found(gone, UNIQUE) == []
    assert found(DropIndex(index=replace(UNIQUE.index, unique=False))) == []


def test_ds10_stops_the_drop_of_a_table_that_rows_point_to():
    gone = DropTable(table=table())
    assert ("DS10", BLOCK) in found(gone, counts={(0, "pointing_here"): (1, ("kid: 1",))})
    assert found(gone, counts={(0, "pointing_here"): 0}) == [("DS02", INFO)]


# ---------------------------------------------------------------- BC01, BC02 and BC05


@pytest.mark.parametrize(
    ("operation", "rule"), [(rename_table("tabClient", TABLE), "BC01"), (rename("a", "b"), "BC02")]
)
def test_a_rename_is_a_warning_where_there_are_rows_and_a_note_where_there_are_none(operation, rule):
    assert found(operation, rows={TABLE: 1}) == [(rule, WARN)]
    assert found(operation, rows={TABLE: 0}) == [(rule, INFO)]
    assert found(operation, rows={TABLE: 1}, kind="rollback") == [(rule, INFO)]
    assert found(add(), rows={TABLE: 1}) == []


def view(text):
    return SchemaObject(kind="view", name="v", table="v", sql=f"CREATE VIEW v AS SELECT {text}")


def test_bc05_warns_of_a_view_over_a_retyped_column():
    finding = only(RETYPE, objects=(view("size FROM tabCustomer"),))
    assert (finding.rule, finding.severity) == ("BC05", WARN)
    assert finding.message == "view v may use tabCustomer.size, which becomes integer."


@pytest.mark.parametrize("text", ["size FROM other", "name FROM tabCustomer", "sizes FROM tabCustomer"])
def test_bc05_is_silent_for_views_over_something_else(text):
    assert found(RETYPE, objects=(view(text),)) == []


def test_bc05_is_silent_when_the_type_stays():
    assert found(alter("size", TEXT, TEXT, default="x"), objects=(view("size FROM tabCustomer"),)) == []


# ---------------------------------------------------------------- LK16 to LK19


def step(path, table_name=TABLE):
    return Step(title="t", path=path, table=table_name, statements=(), why="it does not stand last")


def test_lk16_notes_a_table_that_is_rebuilt_twice():
    assert found(add(), steps=(step("rebuild"), step("rebuild"))) == [("LK16", INFO)]
    assert found(add(), steps=(step("rebuild"), step("rebuild", "other"))) == []


@pytest.mark.parametrize("operation", [add(backfill="x"), alter("c", TEXT, TEXT, nullable=False, backfill="x")])
def test_lk17_warns_of_many_rows_to_fill(operation):
    assert found(operation, rows={TABLE: LARGE}) == [("LK17", WARN)]
    assert found(operation, rows={TABLE: LARGE - 1}) == []
    assert found(replace(operation, backfill=None), rows={TABLE: LARGE}) == []


def test_lk18_notes_an_index_over_many_rows():
    assert found(UNIQUE, rows={TABLE: LARGE}) == [("LK18", INFO)]
    assert found(UNIQUE, rows={TABLE: LARGE - 1}) == []


def test_lk19_warns_of_a_rebuild_of_many_rows():
    assert found(add(), steps=(step("rebuild"),), rows={TABLE: LARGE}) == [("LK19", WARN)]
    assert found(add(), steps=(step("rebuild"),), rows={TABLE: LARGE - 1}) == []
    assert found(add(), steps=(step("in place"),), rows={TABLE: LARGE}) == []


# ---------------------------------------------------------------- HY03 and HY12


@pytest.mark.parametrize(
    "operation", [add("Order"), rename("a", "order"), CreateTable(table=table(add("order").column))]
)
def test_hy03_notes_a_new_name_that_is_a_word_of_sql(operation):
    assert ("HY03", INFO) in found(operation)


def test_hy03_is_silent_for_other_names_for_names_that_are_there_and_on_the_way_back():
    assert found(add("orders"), alter("order", TEXT, TEXT, default="x"), drop("x")) == [("DS03", INFO)]
    assert found(add("order"), kind="rollback") == []


def test_hy12_stops_a_plan_that_would_be_made_again():
    finding = only(add(), unsettled=("column city",))
    assert (finding.rule, finding.severity, finding.acceptable) == ("HY12", BLOCK, False)
    assert found(add(), unsettled=()) == []
