"""connect: URLs, names, secrets."""

import pytest

from sodaf_nb.commands import Context, run_line
from sodaf_nb.database import Database
from sodaf_nb.errors import DatabaseError, UsageError
from tests.commands.conftest import doctype


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:hunter2@db.example/shop",
        "postgresql+psycopg://shop:hunter2@db.example:5432/shop",
        "postgresql://shop:hu/nter2@db.example/shop",
        "mysql://:hunter2@db.example/shop",
        "postgresql://db.example/shop?user=shop&password=hunter2",
        "mssql://db.example/?odbc_connect=DRIVER;PWD=hunter2",
    ],
)
def test_a_password_in_the_line_is_refused_and_not_repeated(run, context, url):
    with pytest.raises(UsageError, match="A password must not stand in a command") as caught:
        run(f"connect {url}")
    assert "hunter2" not in str(caught.value)
    assert "hu/nter2" not in str(caught.value)
    assert not context.connections


@pytest.mark.parametrize("name", ["a:b@c.db", "user@example.db"])
def test_a_file_name_that_looks_like_a_password_is_a_file_name(run, name):
    assert run(f"connect sqlite:///{name} --create").database.name == name


def test_a_password_in_the_environment_is_never_shown(run, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "postgresql://shop:hunter2@db.example/shop")
    with pytest.raises(DatabaseError) as caught:
        run("connect --env SHOP_URL")
    assert "hunter2" not in str(caught.value)


def test_the_url_may_stand_in_the_environment(run, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.db")
    assert run("connect --env SHOP_URL --as shop --create").to_rows() == [
        {"connection": "shop", "database": "shop.db", "environment": "dev"}
    ]


def test_a_variable_that_is_not_set_is_named(run, monkeypatch):
    monkeypatch.delenv("SHOP_URL", raising=False)
    with pytest.raises(UsageError, match="The environment variable SHOP_URL is not set"):
        run("connect --env SHOP_URL")


@pytest.mark.parametrize(("target", "written"), [("shop", "shop.db"), ("nowhere/shop.txt", "nowhere/shop.txt")])
def test_a_word_that_is_no_target_comes_with_the_way_to_write_one(run, target, written):
    with pytest.raises(UsageError, match=f"write it like sqlite:///{written}$"):
        run(f"connect {target}")


def test_a_path_that_cannot_be_opened_fails_at_once_and_opens_nothing(run, context):
    for line in ("connect sqlite:///no/such/folder/shop.db", "connect no/such/folder/shop.db --create"):
        with pytest.raises(DatabaseError, match=r"^The folder no/such/folder does not exist\."):
            run(line)
    assert not context.connections


def test_a_file_that_does_not_exist_is_made_only_when_asked(run, tmp_path):
    run("connect sqlite:///shop.db --create")
    with pytest.raises(UsageError) as caught:
        run("connect sqlite:///shpo.db")
    assert str(caught.value) == ("shpo.db does not exist. Hint: did you mean shop.db? --create makes a new database")
    with pytest.raises(UsageError, match=r"^other\.db does not exist\. Hint: --create makes a new database$"):
        run("connect other.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db"]
    assert run("connect other.db --create").database.file == tmp_path / "other.db"
    assert (tmp_path / "other.db").is_file()


def test_a_near_name_is_offered_with_its_folder(run, tmp_path):
    (tmp_path / "prod").mkdir()
    run("connect prod/shop.db --create")
    with pytest.raises(UsageError, match=r"did you mean prod/shop\.db\?"):
        run("connect prod/shpo.db")


@pytest.mark.parametrize("target", ["sqlite://a.db", "sqlite:/a.db", "sqlite:a.db"])
def test_too_few_slashes_are_refused(run, context, target):
    with pytest.raises(DatabaseError, match=r"did you mean sqlite:///a\.db"):
        run(f"connect {target}")
    assert not context.connections


def test_a_bare_path_is_a_database_file(run, context, tmp_path):
    run("connect shop.db --create")
    assert run("connect sqlite:///shop.db --as again").database.file == tmp_path / "shop.db"


def test_files_of_one_name_get_names_that_differ_and_show_their_paths(run, tmp_path):
    for folder in ("prod", "test", "old/prod"):
        (tmp_path / folder).mkdir(parents=True)
    for path in ("a.db", "prod/a.db", "test/a.db", "old/prod/a.db"):
        run(f"connect {path} --create")
    names = ["a.db", "prod/a.db", "test/a.db", "old/prod/a.db"]
    shown = [(row["connection"], row["database"]) for row in run("connect").to_rows()]
    assert shown == list(zip(names, names, strict=True))
    assert repr(run("connect prod/a.db")).startswith("Connected to prod/a.db\n")


def test_a_file_here_goes_before_a_connection_that_has_its_name(run, tmp_path):
    (tmp_path / "prod").mkdir()
    assert run("connect prod/a.db --create").name == "a.db"
    assert run("connect a.db").database.file == tmp_path / "prod" / "a.db"
    (tmp_path / "a.db").touch()
    again = run("connect a.db")
    assert (again.name, again.database.file) == (f"{tmp_path.name}/a.db", tmp_path / "a.db")


def test_a_file_outside_the_folder_is_shown_from_the_root(run, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run("connect ../a.db --create").to_rows()[0]["database"] == str(tmp_path / "a.db")


def test_connecting_again_keeps_the_environment_and_the_backups_it_had(run):
    run("connect shop.db --create --environment prod --backup-dir kept")
    for line in ("connect sqlite:///shop.db", "connect shop.db"):
        connection = run(line)
        assert (connection.name, connection.environment) == ("shop.db", "prod")
        assert connection.applier.options.backup_dir == "kept"
    assert run("connect shop.db --environment test").applier.options.environment == "test"
    assert run("connect other.db --create").environment == "dev"


def test_other_choices_for_an_open_connection_leave_its_rows_alone(run, shop, rows):
    before = rows()
    assert run("connect shop --environment prod").environment == "prod"
    assert rows() == before
    with pytest.raises(UsageError, match="shop is open already"):
        run("connect shop --as other")


def test_options_of_a_connection_reach_its_applier(run, context, tmp_path):
    connection = run(f"connect sqlite:// --as prod --environment prod --backup-dir {tmp_path}/kept")
    assert connection.applier.options.environment == "prod"
    assert connection.applier.options.backup_dir == f"{tmp_path}/kept"
    assert context.options.environment == "dev"


def test_several_connections_are_kept_apart_and_switched_by_name(run):
    run("doctype", doctype("Book", "title Data"))
    run("connect sqlite:// --as one")
    run("apply Book")
    run("connect sqlite:// --as two")
    assert run("status").to_rows()[0]["pending"] == "new table"
    run("connect one")
    assert run("status").to_rows()[0]["pending"] == "up to date"
    assert [(row[""], row["connection"]) for row in run("connect").to_rows()] == [(">", "one"), ("", "two")]


def test_closing_goes_back_to_the_connection_before(run, context):
    run("connect sqlite:// --as one")
    run("connect sqlite:// --as two")
    assert [row["connection"] for row in run("connect --close two").to_rows()] == ["one"]
    assert context.connection.name == "one"
    assert "None is open" in repr(run("connect --close one"))
    with pytest.raises(UsageError, match="There is no connection 'one'"):
        run("connect --close one")


def test_connecting_again_under_the_same_name_takes_its_place(run, context):
    first = run("connect sqlite:///shop.db --create")
    second = run("connect sqlite:///shop.db")
    assert list(context.connections) == ["shop.db"]
    assert context.connection is second
    assert second.database is not first.database


def test_an_open_database_can_be_handed_over_and_stays_its_owners(context):
    database = Database("sqlite://")
    holder = Context(variables={"db": database, "number": 3})
    assert run_line(holder, "connect db").database is database
    holder.close_all()
    with database.read() as session:
        assert session.value("SELECT 1") == 1
    with pytest.raises(UsageError, match="'number' is neither a URL, an open"):
        run_line(holder, "connect number")
    database.close()
