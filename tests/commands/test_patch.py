"""`patch` as it is typed: in a cell, from a file, and in a shell."""

import pytest

from sodaf_nb.commands import run_line
from sodaf_nb.errors import BlockedMigrationError, UsageError
from sodaf_nb.results import DryRunResult, MigrationResult

BODY = "UPDATE tabBook SET title = upper(title)"


def test_a_line_alone_shows_what_would_happen_and_apply_does_it(shop, rows):
    before = rows()
    assert isinstance(shop("patch Book --name loud", BODY), DryRunResult)
    assert isinstance(shop("patch Book --name loud --dry-run", BODY), DryRunResult)
    assert rows() == before
    with pytest.raises(BlockedMigrationError, match="--accept DS14"):
        shop("patch Book --name loud --apply", BODY)
    result = shop("patch Book --name loud --apply --accept DS14 --reason shouting", BODY)
    assert isinstance(result, MigrationResult)
    assert rows() != before
    assert shop("patch Book --name loud --apply --accept DS14", BODY).outcome == "nothing_to_do"
    assert shop("history").to_rows()[0]["kind"] == "patch"
    shop("rollback --last Book")
    assert rows() == before


def test_the_body_may_be_a_file_and_python(shop, tmp_path, rows):
    (tmp_path / "loud.py").write_text("{'title': row['title'].upper()} if row['title'] else None")
    result = shop("patch Book loud.py --python --apply --accept DS14")
    assert result.outcome == "applied"
    with pytest.raises(UsageError, match="in the cell and in a file"):
        shop("patch Book loud.py", BODY)
    with pytest.raises(UsageError, match=r"none\.sql"):
        shop("patch Book none.sql")
    (tmp_path / "odd.sql").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="no UTF-8"):
        shop("patch Book odd.sql")
    with pytest.raises(UsageError, match="not allowed with"):
        shop("patch Book --apply --dry-run", BODY)


def test_a_patch_that_is_missing_is_asked_for_where_one_writes(shop, context):
    with pytest.raises(UsageError, match="in the cell"):
        shop("patch Book")
    context.program = "sodaf-nb"
    with pytest.raises(UsageError, match=r"sodaf-nb patch Book split\.sql"):
        run_line(context, "patch Book")


def test_a_person_is_shown_the_dry_run_before_an_apply_only(context, shop, tmp_path):
    from sodaf_nb.commands.runner import preview_words

    (tmp_path / "loud.sql").write_text(BODY)
    assert isinstance(preview_words(context, ["patch", "Book", "loud.sql", "--apply"]), DryRunResult)
    assert preview_words(context, ["patch", "Book", "loud.sql"]) is None
