"""What commands say: the next step as it is typed, where a plan was saved, times and lines that people can read."""

import pytest

from sodaf_nb.commands import completions
from sodaf_nb.commands.history import took
from sodaf_nb.errors import UsageError
from sodaf_nb.plan import Plan
from tests.commands.conftest import doctype


def test_the_answers_to_findings_are_written_as_they_are_typed(shop):
    shop("apply Book")
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    assert "keep the type there is with --widen pages" in repr(shop("dry-run Book"))
    assert shop("dry-run Book --widen pages").success
    assert "Book" in repr(shop("apply Book --widen pages"))
    with pytest.raises(UsageError, match="--dedupe and --widen are about one DocType"):
        shop("apply --all --dedupe title=blank")


def test_a_saved_plan_says_so_and_that_it_is_blocked(shop, tmp_path):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    saved = shop(f"plan Book --save {tmp_path / 'p.json'}")
    assert saved.is_blocked()
    assert "BLOCKED by findings" in saved.heading()
    assert saved.notes()[-1].startswith("Saved to ")
    assert saved.notes()[-1].endswith("p.json carries it out, once what stops it is mended or accepted.")
    again = shop(f"plan Book --since {tmp_path / 'p.json'} --save {tmp_path / 'q.json'}")
    assert again.notes()[-1].startswith("Saved to ")
    assert Plan.load(tmp_path / "p.json") == saved
    assert Plan.load(tmp_path / "p.json").remarks == ()
    assert Plan.load(tmp_path / "p.json").id == saved.id
    assert not shop("plan Book --widen pages").is_blocked()


def test_a_diff_says_how_its_question_is_answered(shop):
    shop("doctype", doctype("Book", "title Data", "pages_read Data"))
    assert shop("diff Book").notes()[0].endswith("If it is, answer with --rename pages:pages_read.")


def test_each_change_is_explained_in_lines_that_fit_on_a_terminal(shop):
    shop("doctype", doctype("Book", "title Data", "pages Int"))
    (told,) = [text for title, text in shop("dry-run Book --accept DS08").text_code() if title.startswith("Locks")]
    assert all(len(line) <= 105 for line in told.split("\n"))
    assert "endangers values of tabBook.pages" in told


@pytest.mark.parametrize(("word", "text"), [("DS01", "no rule here reports it"), ("ds08", "do not convert exactly")])
def test_help_knows_every_id(shop, word, text):
    assert text in repr(shop(f"help {word}"))


def test_an_id_that_is_none_is_not_taken_for_a_command(shop):
    with pytest.raises(UsageError, match=r"no rule XX99.*DS03"):
        shop("help XX99")


@pytest.mark.parametrize(
    ("given", "hint"), [("DS01", "never found here"), ("DS3", "did you mean DS03"), ("XX99", "ids: ")]
)
def test_an_accepted_id_that_no_rule_has_is_explained(shop, given, hint):
    with pytest.raises(UsageError) as caught:
        shop(f"apply Book --accept {given}")
    assert hint in str(caught.value)
    assert "SX01?" not in str(caught.value)


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(1.234, "1.2 ms"), (123.4, "123 ms"), (1250, "1.25 s"), (125_000, "2 min 5 s")]
)
def test_times_are_said_as_people_say_them(milliseconds, text):
    assert took(milliseconds) == text


def test_one_migration_shows_no_raw_milliseconds(shop):
    shop("doctype", doctype("Book", "title Data", "pages Data", "x Data"))
    shop("apply Book")
    shown = {row[""]: row["value"] for row in shop("history 2").to_rows()}
    assert "milliseconds" not in shown
    assert shown["took"].endswith((" ms", " s"))


def test_numbers_of_backups_are_completed_once_they_were_listed(shop, context):
    shop("backup create Book")
    assert "1" not in completions(context, "backup verify ")
    shop("backup list")
    assert "1" in completions(context, "backup verify ")
