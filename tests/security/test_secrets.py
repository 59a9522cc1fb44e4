"""Planted secrets come out nowhere: not in a value, an error with its causes, a log, the history or a file."""

import io
import logging
import traceback
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sodaf_nb import ApplyOptions, Database, SyncOptions
from sodaf_nb.commands import Context, run_line
from sodaf_nb.config import holds_secret
from sodaf_nb.errors import SodafError, UsageError
from tests.acceptance.making import World, doctype, field

# Nothing listens there, and no name has to be looked up.
HOST = "127.0.0.1:9"
ADDRESSES = [
    "postgresql://shop:{}@" + HOST + "/shop",
    "postgresql+psycopg://shop:{}@" + HOST + "/shop?connect_timeout=1",
    "postgresql://" + HOST + "/shop?user=shop&password={}",
    "mysql://shop:{}@" + HOST + "/shop",
    "nonsense://shop:{}@" + HOST + "/shop",
]
# Characters that need no escape in an address; eight make it no part of any other text by chance.
SECRETS = st.text("ABCDEFGHJKMNPQRSTVWXYZ23456789._~", min_size=8, max_size=20).map(lambda text: f"Zq{text}")
QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def said(act):
    """Return all that comes out of a call: its value or error with causes, what is logged and warned of."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            value = act()
            out = f"{value!r} {value}"
        except SodafError as error:
            shown = [*error._render_traceback_(), *map(str, error.details), error.hint, repr(error.args)]
            out = "".join(traceback.format_exception(error)) + "".join(shown)
        finally:
            logging.getLogger().removeHandler(handler)
    return out + log.getvalue() + "".join(str(w.message) for w in warned)


@pytest.mark.parametrize("address", ADDRESSES)
@given(secret=SECRETS)
@QUICK
def test_the_password_of_an_address_comes_out_nowhere(address, secret, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = address.format(secret)
    (tmp_path / "address").write_text(url)
    (tmp_path / "pyproject.toml").write_text("[tool.sodaf_nb.connections.shop]\nurl_file = 'address'\n")
    monkeypatch.setenv("SHOP_URL", url)
    ways = [lambda: Database(url), lambda: Database(url).reflect()]
    lines = ("connect --env SHOP_URL", "connect shop", "connect")
    ways += [lambda line=line: run_line(Context(options=ApplyOptions()), line) for line in lines]
    assert [place for place, way in enumerate(ways) if secret in said(way)] == []


@pytest.mark.parametrize("address", ADDRESSES)
@given(secret=SECRETS)
@QUICK
def test_a_password_in_a_line_or_in_the_file_of_the_project_is_refused_and_not_repeated(
    address, secret, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    url = address.format(secret)
    assert holds_secret(url)
    out = said(lambda: run_line(Context(), f"connect {url}"))
    assert "must not stand in a command" in out
    assert secret not in out
    (tmp_path / "pyproject.toml").write_text(f"[tool.sodaf_nb.connections.shop]\nurl = '{url}'\n")
    out = said(lambda: run_line(Context(), "connect shop"))
    assert "holds a password" in out
    assert secret not in out


def test_the_audit_key_and_the_values_of_rows_are_in_no_error_no_history_and_no_file_beside_the_backups(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("SODAF_NB_AUDIT_KEY", "Zq-audit-key")
    world = World(tmp_path)
    world.sync(doctype(field("title"), field("pages")))
    world.insert("tabThing", [{"title": "Zq-row-one", "pages": "Zq-no-number"}, {"title": "Zq-row-one"}])
    monkeypatch.setattr("sodaf_nb.execution.executor.require_outcome", lambda *_a: {}["broken"])
    outputs = []
    for wanted in (
        doctype(field("title", unique=1), field("pages")),
        doctype(field("title"), field("pages", "Int")),
        doctype(field("title"), field("pages", required=1)),
        doctype(field("title")),
        doctype(field("title"), field("pages"), field("fax")),
    ):
        world.declare(wanted)
        both = (SyncOptions(), SyncOptions(accept="all", removed_fields="drop"))
        outputs += [said(lambda o=options: world.applier.sync_doctype("Thing", o)) for options in both]
    assert any("Hint" in each for each in outputs)
    written = [repr(world.ask(f"SELECT * FROM {name}")) for name in ("tabMigrationHistory", "tabMigrationAudit")]
    written += [path.read_text() for path in world.backups.glob("audit-*.json")]
    assert len(written) == 3
    assert [each for each in (*outputs, *written) if "Zq-row" in each or "Zq-audit-key" in each] == []
    world.close()


def test_a_secret_key_where_the_file_of_one_belongs_is_not_repeated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    key = "AGE-SECRET-KEY-1ZQ" + "Q" * 50
    (tmp_path / "pyproject.toml").write_text(f"[tool.sodaf_nb]\nidentity = '{key}'\n")
    assert key not in said(lambda: run_line(Context(), "connect"))
    (tmp_path / "pyproject.toml").write_text("")
    for line in (f"connect a.db --create --identity {key}", f"connect a.db --create --recipient {key}"):
        assert key not in said(lambda line=line: run_line(Context(), line))
    with pytest.raises(UsageError):
        run_line(Context(), f"connect a.db --create --identity {key}")
