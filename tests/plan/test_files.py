"""Plans as files: readable, the same bytes each time, and refused when they are not what was saved."""

import json

import pytest
from hypothesis import given

from sodaf_nb.errors import PlanFileError, UsageError
from sodaf_nb.plan import Plan, Review, Verdict, files
from sodaf_nb.schema import SchemaObject
from tests.plan.making import INTEGER, TEXT, add, alter, drop, plan, rename
from tests.schema.strategies import RELAXED, columns

LOSS = Verdict(rule="DS03", severity="block", object="tabCustomer.fax", message="It is dropped.", count=2)
TABLE_TEXT = SchemaObject(kind="table", name="tabCustomer", table="tabCustomer", sql="CREATE TABLE tabCustomer (x)")
REVIEW = Review(
    head="01J",
    ground=(TABLE_TEXT,),
    sql=("ALTER 1", "ALTER `2`"),
    rollback_sql=("BACK",),
    paths=("metadata only", "in place"),
    reasons=("no row", "one pass"),
    verdicts=(LOSS,),
    kept=("view v",),
)


def shown(**attributes):
    return plan(add("city"), drop("fax"), review=REVIEW, **attributes)


def test_a_plan_comes_back_from_its_file_whole(tmp_path):
    saved = shown()
    path = saved.save(tmp_path / "plan.json")
    loaded = Plan.load(path)
    assert (loaded, loaded.review, loaded.id) == (saved, REVIEW, saved.id)
    assert path.read_text() == saved.to_text()
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


@RELAXED
@given(columns)
def test_any_column_comes_back_from_the_text(column):
    made = plan(add().__class__(table="tabCustomer", column=column, after="x", backfill=1))
    assert files.from_text(made.to_text(), "plan.json") == made


def test_the_text_has_a_line_a_value_and_its_keys_in_order():
    text = shown().to_text()
    assert json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n" == text
    before, after = shown().to_text().splitlines(), plan(add("town"), drop("fax"), review=REVIEW).to_text().splitlines()
    differing = [line for line, other in zip(before, after, strict=True) if line != other]
    assert len(differing) == 3, "the name, the id and the hash"


def test_what_a_plan_was_reviewed_with_is_no_part_of_its_id():
    assert shown().id == plan(add("city"), drop("fax")).id
    assert shown() == plan(add("city"), drop("fax"))


DAMAGES = {
    "another value": lambda text: text.replace('"city"', '"town"'),
    "an approved count": lambda text: text.replace('"count": 2', '"count": 9'),
    "a statement": lambda text: text.replace("ALTER 1", "DROP 1"),
    "a missing part": lambda text: text[: len(text) // 2],
    "no JSON": lambda _text: "PK\x03\x04",
    "deep nesting": lambda _text: "[" * 100_000,
    "a list": lambda _text: "[]",
    "another kind of file": lambda text: text.replace("sodaf_nb plan", "some plan"),
    "a later version": lambda text: text.replace('"version": 1', '"version": 2'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_file_that_was_not_saved_like_this_is_refused(tmp_path, damage):
    path = shown().save(tmp_path / "plan.json")
    path.write_text(damage(path.read_text()))
    with pytest.raises(PlanFileError, match=r"plan\.json.*nothing was changed"):
        Plan.load(path)


def resealed(document):
    document.pop("sha256", None)
    return json.dumps({**document, "sha256": files._digest(document)})


@pytest.mark.parametrize(
    "change",
    [
        {"plan": {"$": "Plan"}},
        {"plan": {"$": "Nothing"}},
        {"plan": None},
        {"plan": {"$": "DataType", "kind": "text"}},
        {"id": "f00d"},
    ],
)
def test_a_file_whose_hash_is_right_must_still_hold_the_plan_it_names(change):
    document = json.loads(shown().to_text())
    with pytest.raises(PlanFileError, match="does not hold what it says"):
        files.from_text(resealed({**document, **change}), "plan.json")


def test_a_plan_that_takes_back_is_not_taken_from_a_file(tmp_path):
    path = plan(drop("city"), kind="rollback", undoes="01J").save(tmp_path / "plan.json")
    with pytest.raises(PlanFileError, match="takes a migration back"):
        Plan.load(path)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(PlanFileError, match="cannot be read"):
        Plan.load(tmp_path / "no.json")
    path = shown().save(tmp_path / "plan.json")
    monkeypatch.setattr(files, "_MOST_BYTES", 10)
    with pytest.raises(PlanFileError, match="too large"):
        Plan.load(path)


def test_a_plan_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(PlanFileError, match="cannot be written"):
        shown().save(tmp_path / "plan.json")
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


# ---------------------------------------------------------------- what it shows


def test_a_reviewed_plan_shows_paths_findings_and_what_is_kept():
    assert [row["path"] for row in shown().to_rows()] == ["metadata only", "in place"]
    assert list(shown().to_frame()["why"]) == ["no row", "one pass"]
    assert shown().notes() == ["BLOCK DS03: It is dropped.", "Kept as it is: view v."]
    assert "why" not in plan(add()).to_frame()


def test_a_plan_as_sql_is_its_statements_in_order():
    assert shown().to_sql() == "ALTER 1;\nALTER `2`;\n"
    with pytest.raises(UsageError, match="no SQL yet"):
        plan(add()).to_sql()


def test_a_plan_as_markdown():
    assert shown().to_markdown() == (
        f"### Plan for Customer: 2 changes, BLOCKED by findings (plan {shown().id[:12]})\n\n"
        "| | object | change | path |\n|---|---|---|---|\n"
        "| + | tabCustomer.city | text | metadata only |\n"
        "| - | tabCustomer.fax | text is dropped | in place |\n\n"
        "- BLOCK DS03: It is dropped.\n- Kept as it is: view v.\n\n"
        "<details><summary>SQL (2 statements)</summary>\n\n```sql\nALTER 1;\nALTER `2`;\n```\n\n</details>\n\n"
        "<details><summary>Rollback SQL (1 statement)</summary>\n\n```sql\nBACK;\n```\n\n</details>"
    )
    assert plan().to_markdown().endswith("No changes: the database matches the DocType.")


def test_no_name_ends_the_fence_of_the_sql():
    made = plan(add(), review=Review(sql=("ALTER TABLE `x` ADD ````; <script>",), paths=("in place",), reasons=("w",)))
    assert "`````sql\n" in made.to_markdown()


# ---------------------------------------------------------------- what differs


def rows(before, now):
    return [(row[""], row["what"]) for row in now.changes_since(before).to_rows()]


def test_equal_plans_have_no_changes():
    same = shown().changes_since(shown())
    assert not same
    assert "do the same" in repr(same)
    assert same.heading() == "Changes of the plan for Customer: 0 differences"


def test_every_part_of_a_plan_that_differs_is_named():
    other = plan(
        rename("a", "b"), drop("fax"), doctype="Client", made_for="beef", review=Review(head="02J", kept=("view w",))
    )
    assert rows(shown(), other) == [
        ("~", "schema"),
        ("~", "doctype"),
        ("-", "operation"),
        ("+", "operation"),
        ("~", "history"),
        ("~", "SQL"),
        ("-", "kept object"),
        ("+", "kept object"),
        ("-", "finding"),
    ]


def test_another_order_or_backfill_is_a_change_though_the_words_are_the_same():
    assert rows(plan(add("a"), add("b")), plan(add("b"), add("a"))) == [("~", "operation")]
    first, second = alter("a", TEXT, INTEGER, backfill=1), alter("a", TEXT, INTEGER, backfill=2)
    assert rows(plan(first), plan(second)) == [("~", "operation")]
    assert rows(plan(add()), shown())[0] == ("+", "operation")
