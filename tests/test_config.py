"""[tool.sodaf_nb] of pyproject.toml: what it may say, and what is said when it says something else."""

import pytest

from sodaf_nb.config import holds_secret, nearest
from sodaf_nb.errors import UsageError


@pytest.fixture
def project(tmp_path):
    """Write a section and return what is read from a folder below."""

    def read(text):
        (tmp_path / "pyproject.toml").write_text(text)
        folder = tmp_path / "notebooks" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        return nearest(folder)

    return read


def test_every_choice_is_read_and_paths_are_taken_from_the_folder_of_the_file(project, tmp_path):
    found = project("""
        [tool.sodaf_nb]
        backup_dir = "saved"
        backup = "full"
        compression = "gzip"
        recipients = ["age1abc"]
        identity = "key.txt"
        doctypes = "types"
        environment = "test"
        applied_by = "deploy"
        lock_timeout_s = 2
        statement_timeout_s = 1.5
        retries = 0
        policy = {DS03 = "warn"}
        [tool.sodaf_nb.connections.shop]
        url = "sqlite:///data/shop.db"
        [tool.sodaf_nb.connections.live]
        env = "SHOP_URL"
        environment = "prod"
    """)
    assert dict(found.choices) == {
        "backup_dir": str(tmp_path / "saved"),
        "backup": "full",
        "compression": "gzip",
        "recipients": ("age1abc",),
        "identity": str(tmp_path / "key.txt"),
        "environment": "test",
        "applied_by": "deploy",
        "lock_timeout_s": 2.0,
        "statement_timeout_s": 1.5,
        "retries": 0,
        "policy": {"DS03": "warn"},
    }
    assert found.doctypes == tmp_path / "types"
    assert found.connections["shop"].address() == f"sqlite:///{tmp_path}/data/shop.db"
    assert dict(found.connections["live"].choices) == {"environment": "prod"}


def test_a_file_without_the_section_is_passed_over(project, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert project('[tool.sodaf_nb]\nbackup = "full"').choices == {"backup": "full"}


def test_without_a_section_nothing_is_chosen(project):
    found = project("[project]\nname = 'x'")
    assert (found.file, dict(found.choices), found.doctypes, dict(found.connections)) == (None, {}, None, {})


def test_a_change_of_the_file_is_seen(project):
    import os

    assert project('[tool.sodaf_nb]\nbackup = "full"').choices == {"backup": "full"}
    found = project('[tool.sodaf_nb]\nbackup = "column"').choices
    if found == {"backup": "full"}:  # a clock too coarse to tell the two writes apart
        os.utime("pyproject.toml")
    assert found == {"backup": "column"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("backup_dri = 'x'", "unknown key 'backup_dri'. Hint: did you mean backup_dir"),
        ("xyz = 1", "there are backup_dir"),
        ("backup = 'none'", "backup must be one of auto, full, column, incremental"),
        ("backup_dir = 3", "backup_dir must be a text"),
        ("recipients = 'age1'", "recipients must be a list"),
        ("lock_timeout_s = 0", "above 0"),
        ("lock_timeout_s = true", "above 0"),
        ("retries = 1.5", "whole number"),
        ("identity = 'AGE-SECRET-KEY-1XYZ'", "not the key itself"),
        ("policy = {DS03 = 'off'}", "policy.DS03 must be one of"),
        ("connections = 1", "connections must be a table"),
        ("[tool.sodaf_nb.connections.a]\nenviroment = 'x'", "did you mean environment"),
        ("[tool.sodaf_nb.connections.a]\nenvironment = 'x'", "connections.a needs one of url, env, url_file"),
        ("[tool.sodaf_nb.connections.a]\nurl = 'sqlite://'\nenv = 'X'", "needs one of"),
        ("[tool.sodaf_nb.connections.a]\nurl = 'postgresql://me:hunter2@host/db'", "holds a password"),
        ("this is no toml", "pyproject.toml cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key_and_without_secrets(project, text, words):
    with pytest.raises(UsageError) as refused:
        project(f"[tool.sodaf_nb]\n{text}\n")
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "1XYZ" not in str(refused.value)


def test_an_address_comes_from_the_environment_or_from_a_file(project, tmp_path, monkeypatch):
    (tmp_path / "url").write_text("sqlite:///from-file.db\n")
    found = project("""
        [tool.sodaf_nb.connections.a]
        env = "SODAF_TEST_URL"
        [tool.sodaf_nb.connections.b]
        url_file = "url"
        [tool.sodaf_nb.connections.c]
        url_file = "nowhere"
    """).connections
    with pytest.raises(UsageError, match="SODAF_TEST_URL of connection a is not set"):
        found["a"].address()
    monkeypatch.setenv("SODAF_TEST_URL", "sqlite:///secret-name.db")
    assert found["a"].address() == "sqlite:///secret-name.db"
    assert found["b"].address() == "sqlite:///from-file.db"
    with pytest.raises(UsageError, match="connection c cannot be read"):
        found["c"].address()
    assert "secret-name" not in repr(found["a"])


def test_paths_that_look_like_passwords_are_none():
    assert holds_secret("postgresql://me:pw@host/db")
    assert holds_secret("sqlite://x?password=1")
    assert not holds_secret("sqlite:///a:b@c.db")
