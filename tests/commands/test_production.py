"""Named connections, and writing to production only by its name."""

import pytest

from sodaf_nb.cli.exits import exit_code
from sodaf_nb.commands import Context, completions, run_line
from sodaf_nb.database import Database
from sodaf_nb.errors import AccessError, ApprovalError, UsageError
from tests.commands.conftest import doctype


@pytest.fixture
def project(tmp_path):
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "book.json").write_text(doctype("Book", "title Data"))
    (tmp_path / "pyproject.toml").write_text("""
        [tool.sodaf_nb]
        doctypes = "types"
        backup_dir = "saved"
        [tool.sodaf_nb.connections.shop]
        url = "sqlite:///shop.db"
        environment = "prod"
        [tool.sodaf_nb.connections.trial]
        url = "sqlite:///trial.db"
    """)


def test_a_connection_of_the_project_is_opened_by_its_name_from_any_folder_below(
    project, context, run, tmp_path, monkeypatch
):
    # The fixture of the session has a folder of its own, which would win.
    context.base = type(context.base)()
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    connection = run("connect trial --create")
    assert (connection.name, connection.database.file) == ("trial", tmp_path / "trial.db")
    assert connection.applier.options.backup_dir == str(tmp_path / "saved")
    assert "not open: shop" in repr(run("connect"))
    assert run("doctypes load").to_rows()[0]["doctype"] == "Book"


def test_what_a_line_or_the_session_chooses_wins_over_the_project(project, context, run):
    context.chosen = {"backup_dir": "mine", "backup": "full"}
    options = run("connect trial --create").applier.options
    assert (options.backup_dir, options.backup) == ("mine", "full")
    assert run("connect trial --backup-dir here").applier.options.backup_dir == "here"


def test_production_is_said_in_words(project, run):
    connection = run("connect shop --create")
    assert connection.heading() == "Connected to shop.db, PRODUCTION"
    assert connection.to_rows()[0]["environment"] == "prod (PRODUCTION)"
    run("doctypes load")
    assert run("status").heading() == "Status of shop.db (PRODUCTION): 1 of 1 DocType differs"


WRITES = ["apply Book", "apply --all", "rollback 1", "backup restore 1", "sample --rows", "patch Book a.sql --apply"]


@pytest.mark.parametrize("line", WRITES)
def test_nothing_is_written_to_production_without_its_name(project, run, context, line):
    run("connect shop --create")
    run("doctypes load")
    with pytest.raises(UsageError, match=r"shop is a PRODUCTION database; nothing was changed\. Hint: .*--yes-on shop"):
        run(line)
    with pytest.raises(UsageError, match="the name given is 'trial'"):
        run(f"{line} --yes-on trial")
    assert context.connection.database.reflect().table("tabBook") is None


def test_with_its_name_production_is_migrated_and_taken_back(project, run, context):
    run("connect shop --create")
    run("doctypes load")
    assert run("apply Book --yes-on shop").outcome == "applied"
    assert run("rollback 1 --dry-run").plan.kind == "rollback"
    assert run("rollback 1 --yes-on shop --accept all").outcome == "applied"


def test_with_its_name_production_is_patched_and_what_is_tried_needs_none(project, run, tmp_path):
    run("connect shop --create")
    run("doctypes load")
    run("apply Book --yes-on shop")
    (tmp_path / "add.sql").write_text("INSERT INTO tabBook (name) VALUES ('B1')")
    assert run("patch Book add.sql --apply --yes-on shop").outcome == "applied"
    tried = run("rollback 1 --through --dry-run --yes-on shop --accept DS02")
    assert list(tried.results) == ["#2 Book", "#1 Book"]
    assert not tried.errors


@pytest.mark.parametrize("way", ["connect shop.db", "connect db"])
def test_production_is_production_whatever_way_it_is_opened(project, run, way):
    run("connect shop --create")
    database = Database("sqlite:///shop.db")
    holder = Context(variables={"db": database})
    assert run_line(holder, way).is_production
    holder.close_all()
    database.close()


def test_a_restore_from_elsewhere_does_not_go_around_a_profile(project, run):
    run("connect shop --create")
    run("connect trial --create")
    run("doctypes load")
    run("apply Book")
    run("backup create Book")
    with pytest.raises(UsageError, match=r"shop\.db is the connection shop"):
        run("backup restore 1 --into shop.db")


def test_another_database_than_the_one_named_is_left_alone(project, run):
    run("connect trial --create")
    run("doctypes load")
    with pytest.raises(UsageError, match="trial is a dev database, and the name given is 'shop'"):
        run("apply Book --yes-on shop")
    assert run("apply Book --yes-on trial").outcome == "applied"


def test_reading_needs_no_name(project, run):
    run("connect shop --create")
    run("doctypes load")
    for line in ("status", "diff Book", "dry-run Book", "history", "orphans"):
        run(line)


def test_a_slip_in_pyproject_is_said_at_the_next_command_and_completes_nothing(run, context, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.sodaf_nb]\nbackups = 'x'\n")
    with pytest.raises(UsageError, match="did you mean backup"):
        run("connect shop.db --create")
    assert completions(context, "connect ") == []


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("connect ", {"shop", "trial"}),
        ("explore Book.", {"Book.title", "Book.pages"}),
        ("duplicates Book ", {"title", "pages", "--loose"}),
        ("duplicates Book title,", {"title,pages"}),
        ("dry-run Book --mask ti", {"title"}),
        ("dry-run Book --rehearsal ", {"auto", "full", "sample"}),
        ("apply Book --backfill ", {"title=", "pages="}),
        ("apply Book --accept DS0", {"DS03", "DS08"}),
        ("apply Book --accept DS03,", {"DS03,MF01", "DS03,all"}),
        ("apply Book --yes-on ", {"trial"}),
        ("rows Book --columns title,pa", {"title,pages"}),
        ("rollback ", {"1", "Book"}),
        ("history ", {"1", "Book"}),
        ("backup r", {"restore"}),
    ],
)
def test_names_are_completed_where_they_can_stand(project, run, context, line, offered):
    run("connect trial --create")
    run("doctype", doctype("Book", "title Data", "pages Data"))
    run("apply Book")
    assert offered <= set(completions(context, line))


def test_a_value_that_may_be_anything_is_not_completed(run, context):
    assert completions(context, "rows Book --where ") == []


def test_an_option_with_a_slip_is_answered_with_the_one_that_is_near(run):
    with pytest.raises(UsageError, match=r"has no option --bakfill\. Hint: did you mean --backfill"):
        run("apply Book --bakfill x=1")
    with pytest.raises(UsageError, match="unrecognized arguments: --xyz"):
        run("apply Book --xyz")


def test_help_is_there_at_every_level(run):
    from sodaf_nb.commands import commands

    for command in commands().values():
        assert repr(run(f"{command.name} --help")).startswith("usage: ")
        for action in command.actions:
            assert repr(run(f"{command.name} {action.name} --help")).startswith("usage: ")


# ---------------------------------------------------------------- protected connections


@pytest.fixture
def guarded(project, tmp_path, monkeypatch):
    """The same project with one protected connection; returns what says who sits there."""
    from sodaf_nb import access

    text = (tmp_path / "pyproject.toml").read_text()
    profile = '[tool.sodaf_nb.connections.till]\nurl = "sqlite:///till.db"\nprotected = true\nviewers = ["guest"]\n'
    (tmp_path / "pyproject.toml").write_text("\n".join(line.strip() for line in text.splitlines()) + profile)
    is_ = lambda name: monkeypatch.setattr(access, "account", lambda: name)  # noqa: E731
    is_("bob")
    return is_


def test_a_protected_connection_is_migrated_with_somebody_elses_approval(guarded, run, tmp_path):
    run("connect till --create")
    run("doctypes load")
    run("plan Book --save plan.json")
    with pytest.raises(UsageError, match=r"till is a protected database; nothing .* --yes-on till"):
        run("apply Book")
    with pytest.raises(ApprovalError, match=r"nobody has\. Hint: .* %migrate approve [0-9a-f]{64}") as caught:
        run("apply --plan plan.json --yes-on till")
    assert exit_code(caught.value) == 14
    assert "Nothing was approved yet" in repr(run("approvals"))
    guarded("guest")
    with pytest.raises(AccessError, match="guest may not approve"):
        run("approve plan.json")
    with pytest.raises(AccessError, match="guest may not change till"):
        run("apply Book --yes-on till")
    guarded("ann")
    with pytest.raises(UsageError, match="write it like 30m, 8h or 2d"):
        run("approve plan.json --expires tomorrow")
    assert run("approve plan.json --expires 8h").account == "ann"
    assert run("approvals").to_rows()[0]["state"] == "valid"
    guarded("bob")
    assert run("apply --plan plan.json --yes-on till").outcome == "applied"
    assert [entry.event for entry in run("audit").items] == ["approved", "started", "applied"]


@pytest.mark.parametrize("line", ["connect till.db", "connect sqlite:///till.db --as other"])
def test_the_address_of_a_connection_with_a_profile_does_not_go_around_it(guarded, run, line):
    run("connect till --create")
    run("connect --close till")
    connection = run(line)
    assert connection.applier.access.profile.protected
    assert not run("connect trial --create").applier.access.profile.protected


def test_a_protected_connection_stays_what_its_profile_says(guarded, run):
    for line in ("connect till --create --environment dev", "connect till --environment dev"):
        with pytest.raises(UsageError, match="till is protected"):
            run(line)
        run("connect till --create")


def test_a_profile_with_a_slip_is_refused(guarded, run, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(file.read_text().replace("protected = true", 'protected = "yes"'))
    with pytest.raises(UsageError, match=r"connections\.till\.protected must be true or false"):
        run("connect till --create")
