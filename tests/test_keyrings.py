"""Secrets from the keyring: a real backend of the library, registered in this process alone."""

import builtins
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from pyrage import x25519

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.backup.encryption import EncryptionError, find_identities
from sodaf_nb.commands import Context, run_line
from sodaf_nb.config import nearest
from sodaf_nb.errors import MigrationRestoreError, SodafError, UsageError
from sodaf_nb.keyrings import KeyringError, secret
from sodaf_nb.options import ApplyOptions
from tests.acceptance.making import World, doctype, field


class Memory(KeyringBackend):
    """Keeps secrets in memory."""

    priority = 1

    def __init__(self):
        self.kept = {}
        self.locked = False

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked("the collection holds s3cret")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


@pytest.fixture
def ring():
    before, made = keyring.get_keyring(), Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_secret_is_found_by_its_name_and_the_way_to_store_it_is_said(ring):
    keyring.set_password("sodaf_nb", "shop", "s3cret")
    assert secret("shop") == "s3cret"
    with pytest.raises(KeyringError, match="keyring set sodaf_nb other"):
        secret("other")
    ring.locked = True
    with pytest.raises(KeyringError, match=r"cannot be read \(KeyringLocked\)") as caught:
        secret("shop")
    assert "s3cret" not in str(caught.value)


def test_without_the_extra_the_way_to_install_it_is_said(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.partition(".")[0] == "keyring":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(KeyringError, match=r"pip install \"sodaf_nb\[keyring\]\""):
        secret("shop")
    with pytest.raises(EncryptionError, match="package keyring is missing"):
        find_identities(Path("keyring:shop"))


def test_a_connection_is_opened_by_an_address_in_the_keyring(ring, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keyring.set_password("sodaf_nb", "shop", f"sqlite:///{tmp_path / 'shop.db'}")
    (tmp_path / "pyproject.toml").write_text('[tool.sodaf_nb.connections.mine]\nkeyring = "shop"\n')
    context = Context(options=ApplyOptions(backup_dir=tmp_path / "backups"))
    assert nearest(tmp_path).connections["mine"].address().endswith("shop.db")
    run_line(context, "connect mine --create")
    assert context.connection.database.name == "shop.db"
    run_line(context, "connect --keyring shop --as again")
    assert context.connection.name == "again"
    for line in ("connect x.db --keyring shop", "connect --env X --keyring shop"):
        with pytest.raises(UsageError, match="not both"):
            run_line(context, line)
    with pytest.raises(UsageError, match="not read from the keyring") as caught:
        run_line(context, "connect --keyring nothing")
    assert "keyring set sodaf_nb nothing" in caught.value.hint
    context.close_all()


def test_the_shell_takes_the_address_from_the_keyring(ring, tmp_path, monkeypatch, capsys):
    from sodaf_nb.cli import main

    monkeypatch.chdir(tmp_path)
    keyring.set_password("sodaf_nb", "shop", f"sqlite:///{tmp_path / 'shop.db'}")
    assert main(["--keyring", "shop", "--create", "history"]) == 0
    assert "No migrations yet" in capsys.readouterr().out


def test_an_encrypted_backup_is_opened_with_a_key_in_the_keyring(ring, tmp_path):
    key = x25519.Identity.generate()
    world = World(tmp_path, recipients=(str(key.to_public()),), identity="keyring:backup")
    world.sync(doctype(field("title"), field("gone")))
    world.insert("tabThing", [{"title": "a", "gone": "g"}])
    with pytest.raises(SodafError, match="keyring set sodaf_nb backup"):
        world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
    keyring.set_password("sodaf_nb", "backup", str(key))
    before = world.state()
    result = world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
    keyring.set_password("sodaf_nb", "backup", "no key")
    with pytest.raises(MigrationRestoreError):
        world.applier.rollback_migration(result.migration_id)
    keyring.set_password("sodaf_nb", "backup", str(key))
    world.applier.rollback_migration(result.migration_id)
    assert world.state() == before
    assert isinstance(world.applier, MigrationApplier)
    world.close()
