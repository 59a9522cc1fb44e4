"""What the applier returns and how it shows."""

import json
from dataclasses import replace

import pytest

from sodaf_nb.commands.wording import words
from sodaf_nb.errors import UsageError
from sodaf_nb.results import BatchMigrationResult, DryRunResult, MigrationResult
from sodaf_nb.validation import Finding, Group, Severity
from tests.plan.making import add, drop, plan


def finding(rule="DS03", severity=Severity.BLOCK, group=Group.DATA_LOSS_RISK, **attributes):
    message = "tabCustomer.city is dropped; 2 rows hold a value in it."
    return Finding(rule=rule, group=group, severity=severity, object="tabCustomer.city", message=message, **attributes)


LOSS = finding(fix="keep the column", count=2, samples=("CUST-1",))
SAVED = {
    "table": "tabCustomer",
    "rows": 2,
    "columns": "name, city",
    "strategy": "column",
    "why": "nothing else is at risk",
}
NO_WAY = finding("HY13", Severity.WARN, Group.ROLLBACK_POSSIBILITY)


def result(**attributes):
    given = {"success": True, "migration_id": "01J", "doctype": "Customer", "outcome": "applied", **attributes}
    return MigrationResult(**given)


def dry(*operations, **attributes):
    given = {"success": True, "doctype": "Customer", "plan": plan(*operations), **attributes}
    return DryRunResult(**given)


def test_a_result_shows_its_changes_and_notes():
    shown = result(
        metadata={"changes": plan(add("city")).to_rows()},
        backup_path="/secret/path",
        warnings=("DS07 too long",),
        errors=("broken",),
    )
    assert repr(shown) == (
        "Customer: applied\n"
        "   object            change\n"
        "-  ----------------  ------\n"
        "+  tabCustomer.city  text\n"
        "Backup taken and verified before the first write.\n"
        "! DS07 too long\n"
        "ERROR broken"
    )


def test_nothing_that_differs_from_run_to_run_is_shown():
    shown = result(
        migration_id="01JXYZ", execution_time_ms=123.25, backup_path="backups/01J", metadata={"plan_id": "f00d"}
    )
    for text in ("01JXYZ", "123.25", "backups/01J", "f00d"):
        assert text not in repr(shown) + shown._repr_html_()


def test_a_result_without_changes_says_why():
    assert (
        repr(result(outcome="nothing_to_do", metadata={"reason": "A Single."})) == "Customer: nothing to do\nA Single."
    )
    assert result(outcome="not_applied").heading() == "Customer: not applied"
    assert result().empty_text() == "No changes: the database matches the DocType."


def test_a_result_as_json_has_every_field():
    shown = json.loads(result(sql=("SELECT 'é'",), findings=(LOSS,), metadata={"changes": ({"": "+"},)}).to_json())
    assert set(shown) == set(MigrationResult.__dataclass_fields__)
    assert (shown["sql"], shown["metadata"]) == (["SELECT 'é'"], {"changes": [{"": "+"}]})
    assert (shown["findings"][0]["rule"], shown["findings"][0]["severity"]) == ("DS03", "block")


# ---------------------------------------------------------------- many migrations


def test_a_batch_counts_what_became_of_each_doctype():
    batch = BatchMigrationResult(
        results={
            "Customer": result(metadata={"changes": ({"": "+"}, {"": "-"})}),
            "Note": result(outcome="nothing_to_do"),
        },
        errors={"Order": UsageError("wrong")},
    )
    assert (batch.success, batch.successful, batch.skipped) == (False, ("Customer",), ("Note",))
    assert batch.heading() == "1 applied, 1 nothing to do, 1 failed"
    assert [tuple(row.values()) for row in batch.to_rows()] == [
        ("Customer", "applied", 2, ""),
        ("Note", "nothing_to_do", 0, ""),
        ("Order", "failed", 0, "[USAGE] wrong"),
    ]


def test_a_batch_without_failures_is_a_success():
    assert BatchMigrationResult(results={}).success


# ---------------------------------------------------------------- a dry run


@pytest.mark.parametrize(
    ("shown", "heading"),
    [
        (dry(add()), f"Dry run of Customer: 1 change, ready to apply (plan {plan(add()).id[:12]})"),
        (
            dry(add(), drop("fax"), success=False),
            f"Dry run of Customer: 2 changes, BLOCKED by findings (plan {plan(add(), drop('fax')).id[:12]})",
        ),
        (
            dry(plan=plan(add(), kind="rollback", undoes="01J")),
            "Dry run of Customer: 1 change, ready to apply",
        ),
        (dry(), "Dry run of Customer: 0 changes, nothing to do"),
    ],
)
def test_a_dry_run_says_its_verdict(shown, heading):
    assert shown.heading() == heading


def test_a_dry_run_sorts_its_findings():
    shown = dry(drop(), findings=(LOSS, NO_WAY))
    assert shown.data_loss_risks == (LOSS,)
    assert shown.errors == ("DS03: tabCustomer.city is dropped; 2 rows hold a value in it.",)
    assert shown.warnings == ("HY13: tabCustomer.city is dropped; 2 rows hold a value in it.",)


def test_a_dry_run_notes_findings_with_their_fix_and_the_backup():
    shown = dry(drop(), findings=(LOSS, NO_WAY), backup_preview=(SAVED,))
    assert shown.notes() == [
        "BLOCK DS03: tabCustomer.city is dropped; 2 rows hold a value in it. Rows such as 'CUST-1'. (keep the column)",
        "WARN HY13: tabCustomer.city is dropped; 2 rows hold a value in it.",
        "Backup first: tabCustomer, 2 rows of name, city (column: nothing else is at risk).",
    ]


def test_an_accepted_finding_is_said_to_be_accepted_and_no_longer_an_error():
    sealed = finding("MF01", acceptable=False)
    shown = dry(drop(), findings=(LOSS, sealed), accepted=("all",))
    assert [note.split(":")[0] for note in shown.notes()] == ["ACCEPTED DS03", "BLOCK MF01"]
    assert (len(shown.errors), len(shown.warnings)) == (1, 1)
    assert dry(drop(), findings=(LOSS,), accepted=("DS03",)).errors == ()
    assert dry(drop(), findings=(LOSS,), accepted=("DS08",)).notes()[0].startswith("BLOCK DS03")


def test_long_sql_is_in_the_text_only_when_asked_for():
    shown = dry(add(), sql=("A",) * 13)
    assert "A;" not in repr(shown)
    assert "SQL:\n13 lines, in .sql and .rollback_sql" in repr(shown)
    assert "SQL:\n13 lines, dry-run --sql shows them" in repr(shown.in_words(words("sodaf-nb")))
    assert repr(replace(shown, sql_in_text=True)).endswith(";\nA;")
    assert "A;\nA;" in shown._repr_html_()
    assert "A;\nA;" in shown.to_markdown()
    assert repr(dry(add(), sql=("A",) * 12)).endswith("A;\nA;")


def test_a_result_says_its_number_and_what_it_took_back():
    assert result(metadata={"number": 3}).heading() == "Customer: applied (#3)"
    assert result(metadata={"number": 3, "undoes": 2}).heading() == "Customer: rolled back #2 (#3)"


def test_a_dry_run_shows_its_sql_both_ways():
    shown = dry(add(), sql=("A", "B"), rollback_sql=("C",))
    assert shown.code() == [("SQL", "A;\nB;"), ("Rollback SQL", "C;")]
    assert dry().code() == []


def test_a_dry_run_without_changes_says_why():
    assert dry().empty_text() == "No changes: the database matches the DocType."
    assert "No changes" in dry().to_markdown()


def test_a_dry_run_as_markdown():
    assert dry(add(), sql=("ALTER TABLE x",), findings=(NO_WAY,)).to_markdown() == (
        f"### Dry run of Customer: 1 change, ready to apply (plan {plan(add()).id[:12]})\n\n"
        "| | object | change |\n|---|---|---|\n| + | tabCustomer.city | text |\n\n"
        "| finding | what | rows | what to do |\n|---|---|---|---|\n"
        "| WARN HY13 | tabCustomer.city is dropped; 2 rows hold a value in it. |  |  |\n\n"
        "<details><summary>SQL (1 statement)</summary>\n\n```sql\nALTER TABLE x;\n```\n\n</details>"
    )


def test_a_value_in_markdown_makes_no_column_no_tag_and_no_line():
    shown = dry(add("city", default="a|b\n<img src=x> \\|")).to_markdown()
    line = next(line for line in shown.splitlines() if "tabCustomer.city" in line)
    assert line == "| + | tabCustomer.city | text default 'a\\|b\\\\n\\<img src=x> \\\\\\\\\\|' |"


def test_a_dry_run_as_json_has_every_field_and_its_plan():
    shown = json.loads(dry(add(), findings=(LOSS,), accepted=("DS03",), backup_preview=({"table": "t"},)).to_json())
    assert set(shown) == set(DryRunResult.__dataclass_fields__) - {"words"}
    assert (shown["plan"]["$"], shown["accepted"], shown["backup_preview"]) == ("Plan", ["DS03"], [{"table": "t"}])
