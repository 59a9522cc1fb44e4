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
    assert run(f"connect sqlite:///{name}").database.name == name


def test_a_password_in_the_environment_is_never_shown(run, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "postgresql://shop:hunter2@db.example/shop")
    with pytest.raises(DatabaseError) as caught:
        run("connect --env SHOP_URL")
    assert "hunter2" not in str(caught.value)


def test_the_url_may_stand_in_the_environment(run, monkeypatch):
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.db")
    assert run("connect --env SHOP_URL --as shop").to_rows() == [
        {"connection": "shop", "database": "shop.db", "environment": "dev"}
    ]


def test_a_variable_that_is_not_set_is_named(run, monkeypatch):
    monkeypatch.delenv("SHOP_URL", raising=False)
    with pytest.raises(UsageError, match="The environment variable SHOP_URL is not set"):
        run("connect --env SHOP_URL")


@pytest.mark.parametrize("target", ["shop", "nowhere/shop.db"])
def test_a_word_that_is_no_target_comes_with_the_way_to_write_one(run, target):
    with pytest.raises(UsageError, match=f"write it like sqlite:///{target}"):
        run(f"connect {target}")


def test_a_path_that_cannot_be_opened_fails_at_once_and_opens_nothing(run, context):
    with pytest.raises(DatabaseError):
        run("connect sqlite:///no/such/folder/shop.db")
    assert not context.connections


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
    first = run("connect sqlite:///shop.db")
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
    with pytest.raises(UsageError, match="'number' is neither a URL nor"):
        run_line(holder, "connect number")
    database.close()
