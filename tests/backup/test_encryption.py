"""Encrypted backups: each recipient alone opens them, nobody else does, and no secret shows anywhere."""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyrage
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.backup.encryption import (
    FILE_VARIABLE,
    VARIABLE,
    EncryptionError,
    decrypt,
    encrypt,
    find_identities,
)
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError
from tests.backup.helpers import forge, letters, manager, odd_table, run, sha256, state
from tests.backup.keys import Pair, stanzas

ROOT = Path(__file__).resolve().parents[2]
refused = pytest.raises(MigrationRestoreError)


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


@pytest.fixture
def ann(tmp_path):
    return Pair(tmp_path, "ann")


@pytest.fixture
def bob(tmp_path):
    return Pair(tmp_path, "bob")


@pytest.fixture
def eve(tmp_path):
    return Pair(tmp_path, "eve")


@pytest.fixture
def made(small, tmp_path, ann, bob):
    """Taken on a machine that has public keys only."""
    return manager(small, tmp_path / "backups", recipients=(ann.public, bob.public)).create_backup("City", "tabCity")


def opened_by(pair, database, tmp_path):
    return manager(database, tmp_path / "backups", first=50, identity=pair.file)


def data_of(made):
    return next(made.path.glob("data*"))


# ---------------------------------------------------------------- what encryption promises


@pytest.mark.parametrize("compression", ["zstd", "gzip", "none"])
def test_each_recipient_alone_restores_every_odd_value(database, tmp_path, ann, bob, compression):
    odd_table(database)
    before = state(database, "tabOdd")
    backups = manager(database, tmp_path / "backups", recipients=(ann.public, bob.public), compression=compression)
    made = backups.create_backup("Odd", "tabOdd")
    assert made.verified
    assert made.recipients == (ann.public, bob.public)
    for pair in (ann, bob):
        run(database, "DROP TABLE tabOdd")
        opened_by(pair, database, tmp_path).restore_backup(made.id)
        assert state(database, "tabOdd") == before


def test_other_keys_and_no_key_open_nothing_and_the_way_is_told(made, small, tmp_path, eve):
    for backups, reason in (
        (opened_by(eve, small, tmp_path), "no matching keys"),
        (manager(small, tmp_path / "backups"), "no secret key is at hand"),
    ):
        with pytest.raises(MigrationRestoreError, match=reason) as caught:
            backups.restore_backup(made.id)
        assert VARIABLE in caught.value.hint
        assert FILE_VARIABLE in caught.value.hint
        assert backups.list_backups()[0].problem is None


def test_nothing_of_the_rows_is_on_the_disk_and_age_itself_opens_it(small, tmp_path, ann):
    run(small, "INSERT INTO tabCity VALUES('Xanthippe', 9)")
    backups = manager(small, tmp_path / "backups", recipients=[ann.public], compression="none")
    data = data_of(backups.create_backup("City", "tabCity")).read_bytes()
    assert data.startswith(b"age-encryption.org/v1\n")
    assert b"Xanthippe" not in data
    assert b"Xanthippe" in pyrage.decrypt(data, [ann.identity])


def test_the_list_says_what_is_encrypted(made, small, tmp_path):
    backups = manager(small, tmp_path / "backups", first=9)
    backups.create_backup("City", "tabCity")
    assert [row["packed"] for row in backups.list_backups().to_rows()] == ["zstd", "zstd, encrypted"]
    assert data_of(made).name == "data.sqlite.zst.age"


codes = st.sampled_from(["zstd", "gzip", "none"])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(-(2**63), 2**63 - 1)), max_size=20), codes)
def test_encrypting_and_restoring_changes_nothing(rows, compression):
    from sodaf_nb.database import Database

    with tempfile.TemporaryDirectory() as folder:
        database, pair = Database(f"sqlite:///{folder}/p.db"), Pair(Path(folder), "p")
        run(database, "CREATE TABLE t(a TEXT, b INTEGER)")
        run(database, *(("INSERT INTO t VALUES(CAST(? AS TEXT), ?)", row) for row in rows))
        before = state(database, "t")
        backups = manager(
            database, Path(folder) / "b", recipients=(pair.public,), identity=pair.file, compression=compression
        )
        made = backups.create_backup("T", "t")
        run(database, "DROP TABLE t")
        backups.restore_backup(made.id)
        assert state(database, "t") == before
        database.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=200_000), max_size=4))
def test_any_chunks_come_back_whole(chunks):
    key, sealed, plain = pyrage.x25519.Identity.generate(), io.BytesIO(), io.BytesIO()
    encrypt(chunks, sealed.write, [str(key.to_public())])
    sealed.seek(0)
    decrypt(sealed.read, plain.write, [key])
    assert plain.getvalue() == b"".join(chunks)


def test_memory_stays_bounded_whatever_the_size():
    """The child may use 200 MiB of memory beside what it starts with; 1 GiB goes through."""
    child = """
import pyrage, resource
from sodaf_nb.backup.encryption import decrypt, encrypt
key = pyrage.x25519.Identity.generate()
encrypt([b""], lambda data: None, [str(key.to_public())])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20),) * 2)
with open("sealed", "wb") as file:
    encrypt((bytes(1 << 20) for _ in range(1024)), file.write, [str(key.to_public())])
size = []
with open("sealed", "rb", buffering=0) as file:
    decrypt(file.read, lambda data: size.append(len(data)), [key])
print(sum(size) >> 20, max(size))
"""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-c", child], cwd=folder, capture_output=True, text=True, env=with_package(), check=True
        )
    assert ran.stdout.split()[0] == "1024"
    assert int(ran.stdout.split()[1]) <= 1 << 16


def with_package():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


# ---------------------------------------------------------------- the proof


def test_public_keys_alone_are_enough_because_a_throw_away_key_is_one_more_recipient(made, small, tmp_path, eve):
    assert made.verified
    assert stanzas(data_of(made).read_bytes()) == 3
    assert len(json.loads((made.path / "manifest.json").read_bytes())["recipients"]) == 2
    # A key at hand that is none of the recipients' does not count.
    backups = manager(small, tmp_path / "backups", first=2, recipients=made.recipients, identity=eve.file)
    assert stanzas(data_of(backups.create_backup("City", "tabCity")).read_bytes()) == 3


def test_a_recipients_own_key_proves_when_it_is_at_hand(small, tmp_path, ann, bob):
    backups = manager(small, tmp_path / "backups", recipients=(bob.public, ann.public), identity=ann.file)
    assert stanzas(data_of(backups.create_backup("City", "tabCity")).read_bytes()) == 2


def test_the_throw_away_key_is_written_nowhere(made, small, tmp_path, monkeypatch):
    keys = []
    real = pyrage.x25519.Identity.generate

    class Noting:
        from_str = pyrage.x25519.Identity.from_str

        @staticmethod
        def generate():
            keys.append(real())
            return keys[-1]

    monkeypatch.setattr(pyrage.x25519, "Identity", Noting)
    manager(small, tmp_path / "more", recipients=made.recipients).create_backup("City", "tabCity")
    (key,) = keys
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert str(key).encode() not in left
    assert str(key.to_public()).encode() not in left


def test_a_backup_that_does_not_open_is_no_backup(small, tmp_path, ann, monkeypatch):
    def other(chunks, write, recipients):
        encrypt([b"something else"], write, recipients)

    monkeypatch.setattr("sodaf_nb.backup.writer.encrypt", other)
    backups = manager(small, tmp_path / "backups", recipients=(ann.public,))
    with pytest.raises(MigrationBackupError):
        backups.create_backup("City", "tabCity")
    assert list(backups.list_backups()) == []


def test_a_library_that_leaves_out_a_recipient_is_not_believed(small, tmp_path, ann, bob, monkeypatch):
    """The key that proves must be in the header like any other."""
    monkeypatch.setattr(
        "sodaf_nb.backup.writer.encrypt", lambda chunks, write, recipients: encrypt(chunks, write, [bob.public])
    )
    backups = manager(small, tmp_path / "backups", recipients=(ann.public,), identity=ann.file)
    with pytest.raises(MigrationBackupError, match="no matching keys"):
        backups.create_backup("City", "tabCity")
    assert list(backups.directory.iterdir()) == []


# ---------------------------------------------------------------- refused before anything is written


@pytest.mark.parametrize("text", ["", "age1qqqq", "ssh-ed25519 AAAA", "x" * 5000, "age1\0"])
def test_what_is_no_public_key_is_refused(small, tmp_path, ann, text):
    with pytest.raises(UsageError, match="Recipient 2 is not an age public key"):
        manager(small, tmp_path / "b", recipients=(ann.public, text))


def test_one_text_is_not_taken_for_many_recipients(small, tmp_path, ann):
    with pytest.raises(UsageError, match="one text"):
        manager(small, tmp_path / "b", recipients=ann.public)


def test_the_same_recipient_twice_is_one(small, tmp_path, ann):
    backups = manager(small, tmp_path / "b", recipients=(ann.public, f" {ann.public}\n", ann.public.upper()))
    assert backups.create_backup("City", "tabCity").recipients == (ann.public,)


def test_without_the_library_nothing_is_written_plain(small, tmp_path, ann, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(UsageError, match="pyrage is missing") as caught:
        manager(small, tmp_path / "b", recipients=(ann.public,))
    assert "sodaf_nb[crypto]" in caught.value.hint
    assert not (tmp_path / "b").exists()


def test_without_the_library_an_encrypted_backup_says_what_is_missing(made, small, tmp_path, ann, monkeypatch):
    backups = opened_by(ann, small, tmp_path)
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(MigrationRestoreError, match="pyrage is missing") as caught:
        backups.restore_backup(made.id)
    assert "sodaf_nb[crypto]" in caught.value.hint


def test_a_key_that_is_named_and_cannot_be_used_stops_the_backup(small, tmp_path, ann):
    ann.file.chmod(0o640)
    backups = manager(small, tmp_path / "b", recipients=(ann.public,), identity=ann.file)
    with pytest.raises(MigrationBackupError, match="mode 0640"):
        backups.create_backup("City", "tabCity")
    assert not backups.directory.exists()


# ---------------------------------------------------------------- where keys come from


def test_argument_then_variable_then_file_variable(ann, bob, eve, monkeypatch):
    def found(path=None):
        return [str(i.to_public()) for i in find_identities(path)]

    assert found() == []
    monkeypatch.setenv(FILE_VARIABLE, str(eve.file))
    assert found() == [eve.public]
    monkeypatch.setenv(VARIABLE, f"# two\n{bob.secret}\n\n {ann.secret} ")
    assert found() == [bob.public, ann.public]
    assert found(ann.file) == [ann.public]
    monkeypatch.setenv(VARIABLE, "")
    assert found() == [eve.public]


def test_a_key_file_may_be_named_from_the_home_folder(small, tmp_path, ann, made, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert manager(small, tmp_path / "backups", identity="~/ann.key").validate_backup(made.id).verified
    monkeypatch.setenv(FILE_VARIABLE, "~/ann.key")
    assert manager(small, tmp_path / "backups").validate_backup(made.id).verified


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700 | 0o001])
def test_a_key_file_that_others_can_touch_is_refused(ann, mode):
    ann.file.chmod(mode)
    with pytest.raises(EncryptionError, match=f"mode {mode:04o}"):
        find_identities(ann.file)


def test_a_linked_strange_or_missing_key_file_is_refused(ann, tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(ann.file)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (link, tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(EncryptionError, match="is not used"):
            find_identities(path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(EncryptionError, match="another user"):
        find_identities(ann.file)


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe", b"age1only", b"AGE-SECRET-KEY-1QQQ\n"])
def test_a_file_without_a_key_is_refused(ann, content):
    ann.file.write_bytes(content)
    with pytest.raises(EncryptionError, match="no usable age secret key"):
        find_identities(ann.file)


# ---------------------------------------------------------------- secrets


def everywhere(error):
    """All that an error can show: its texts, its notes, and the variables of every frame it went through."""
    seen = []
    while error is not None:
        seen += [str(error), repr(error), *map(str, vars(error).values())]
        frame = error.__traceback__
        while frame is not None:
            if "sodaf_nb/" in frame.tb_frame.f_code.co_filename:
                seen += [repr(value) for value in frame.tb_frame.f_locals.values()]
            frame = frame.tb_next
        error = error.__context__
    return "\n".join(seen)


def shows(pair, text):
    body = pair.secret.removeprefix("AGE-SECRET-KEY-1")
    return any(part.upper() in text.upper() for part in (body[:12], body[-12:]))


def test_the_search_for_secrets_finds_one(ann):
    with pytest.raises(KeyError) as caught:
        raise KeyError(ann.secret)
    assert shows(ann, everywhere(caught.value))


def spoilt(pair):
    """The key with one letter lost, as a bad copy has it: still a secret."""
    return pair.secret[:-1]


def test_no_error_about_a_key_shows_it(made, small, tmp_path, ann, eve, monkeypatch):
    backups = manager(small, tmp_path / "backups")
    encrypting = manager(small, tmp_path / "backups", first=60, recipients=(ann.public,))
    ann.file.write_text(spoilt(ann))
    for variable, planted in (
        (VARIABLE, spoilt(ann)),
        (VARIABLE, f"{spoilt(ann)}\n{ann.secret}"),
        (FILE_VARIABLE, ann.secret),
        (FILE_VARIABLE, str(ann.file)),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(variable, planted)
            for call in (lambda: backups.read_rows(made.id), lambda: encrypting.create_backup("City", "tabCity")):
                with pytest.raises((MigrationRestoreError, MigrationBackupError)) as caught:
                    call()
                assert not shows(ann, everywhere(caught.value))
    monkeypatch.setenv(VARIABLE, eve.secret)
    with pytest.raises(MigrationRestoreError) as caught:
        backups.read_rows(made.id)
    assert not shows(eve, everywhere(caught.value))
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(MigrationRestoreError) as caught:
        backups.read_rows(made.id)
    assert not shows(eve, everywhere(caught.value))


def test_a_secret_key_in_the_wrong_place_is_refused_without_being_repeated(small, tmp_path, ann):
    for wrong in ({"identity": ann.secret.lower()}, {"identity": Path(ann.secret)}, {"recipients": (ann.secret,)}):
        with pytest.raises(UsageError, match="secret key") as caught:
            manager(small, tmp_path / "b", **wrong)
        assert not shows(ann, f"{caught.value!r} {caught.value} {caught.value.hint}")


# ---------------------------------------------------------------- damage


def test_every_flipped_byte_of_an_encrypted_backup_is_noticed(made, small, tmp_path, ann):
    backups, path = opened_by(ann, small, tmp_path), data_of(made)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(MigrationRestoreError, match="changed after it was written"):
            backups.read_rows(made.id)
    path.write_bytes(whole)
    assert backups.read_rows(made.id) == [("Rome", 3), ("Ulm", 1)]


def exchange(made, data, **facts):
    """Put other data in, with a manifest that fits, as one who can write to the folder would."""
    data_of(made).write_bytes(data)
    forge(made.path, stored_size=len(data), stored_sha256=sha256(data), **facts)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-20],
        lambda whole: whole + b"x",
        lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
        lambda whole: whole.replace(b"-> X25519", b"-> X25518"),
        lambda _whole: b"",
        lambda _whole: b"age-encryption.org/v1\n" + b"-> X25519 a\nb\n" * 100,
        lambda _whole: b"age-encryption.org/v1\n--- nothing\n" + b"x" * 100,
        lambda whole: zstandard.ZstdCompressor().compress(whole),
    ],
)
def test_damage_is_noticed_even_when_the_manifest_was_forged_to_fit(made, small, tmp_path, ann, damage):
    exchange(made, damage(data_of(made).read_bytes()))
    with pytest.raises(MigrationRestoreError, match="was not opened"):
        opened_by(ann, small, tmp_path).restore_backup(made.id)


@pytest.mark.timeout(20)
def test_a_header_without_end_is_given_up_early(made, small, tmp_path, ann):
    exchange(made, b"age-encryption.org/v1\n" + b"-> x y\n\n" * (4 << 20))
    with pytest.raises(MigrationRestoreError, match="does not begin as an age file"):
        opened_by(ann, small, tmp_path).restore_backup(made.id)


def test_an_encrypted_bomb_stops_at_the_first_byte_too_many(made, small, tmp_path, ann, monkeypatch):
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 28))
    exchange(made, pyrage.encrypt(bomb, [ann.identity.to_public()]))
    asked = []
    from sodaf_nb.backup import reader

    real = reader._require
    monkeypatch.setattr(reader, "_require", lambda *args: asked.append(args) or real(*args))
    with pytest.raises(MigrationRestoreError, match="more than was saved"):
        opened_by(ann, small, tmp_path).validate_backup(made.id)
    assert len(asked) < 20


def test_rows_that_somebody_else_encrypted_for_us_are_noticed(made, small, tmp_path, ann):
    """Anybody can encrypt with a public key, so what is inside is believed no more than before."""
    exchange(made, pyrage.encrypt(zstandard.ZstdCompressor().compress(b"x" * 100), [ann.identity.to_public()]))
    with pytest.raises(MigrationRestoreError, match="less than was saved"):
        opened_by(ann, small, tmp_path).restore_backup(made.id)


@pytest.mark.parametrize("wrong", ["age1x", [1], {}, None, []])
def test_a_manifest_with_wrong_recipients_is_refused(made, small, tmp_path, wrong):
    forge(made.path, recipients=wrong)
    with refused:
        manager(small, tmp_path / "backups").get(made.id)


def test_an_encrypted_backup_passed_off_as_a_plain_one_is_refused(made, small, tmp_path, ann):
    body = json.loads((made.path / "manifest.json").read_bytes())
    del body["recipients"]
    (made.path / "manifest.json").write_text(json.dumps(body))
    forge(made.path, data_file="data.sqlite.zst")
    data_of(made).rename(made.path / "data.sqlite.zst")
    with refused:
        opened_by(ann, small, tmp_path).restore_backup(made.id)


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("size", [3, 100_000, 300_000])
def test_an_error_at_either_end_comes_out_as_it_was(error, size):
    """The library alone would swallow the error of a small last write and report success."""
    key = pyrage.x25519.Identity.generate()
    public = [str(key.to_public())]

    def fails(_given):
        raise error

    def broken():
        yield bytes(size)
        raise error

    sealed = io.BytesIO()
    encrypt([bytes(size)], sealed.write, public)
    for call in (
        lambda: encrypt([bytes(size)], fails, public),
        lambda: encrypt(broken(), io.BytesIO().write, public),
        lambda: decrypt(io.BytesIO(sealed.getvalue()).read, fails, [key]),
        lambda: decrypt(reading_then(sealed.getvalue()[:-1], fails), io.BytesIO().write, [key]),
    ):
        with pytest.raises(type(error)) as caught:
            call()
        assert caught.value is error


def reading_then(data, fails):
    source = io.BytesIO(data)
    return lambda size: source.read(size) or fails(size)


def test_nothing_is_written_after_a_failed_write():
    written = []

    def once(data):
        written.append(data)
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input"):
        encrypt([bytes(100_000)], once, [str(pyrage.x25519.Identity.generate().to_public())])
    assert len(written) == 1


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename", "mkdir"])
def test_failing_at_any_call_leaves_no_encrypted_backup_and_no_draft(small, tmp_path, ann, monkeypatch, call):
    real = getattr(os, call)
    for nth in range(100):
        backups = manager(small, tmp_path / f"b{nth}", recipients=(ann.public,), identity=ann.file)
        calls, error = [], None

        def fail(*args, calls=calls, nth=nth, **options):
            calls.append(args)
            if len(calls) == nth + 1:
                raise OSError(28, "No space left on device")
            return real(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            try:
                backups.create_backup("City", "tabCity")
            except MigrationBackupError as failure:
                error = failure
        left = [path.name for path in backups.directory.iterdir()] if backups.directory.exists() else []
        assert left == ([] if error else [letters(1)])
        if len(calls) <= nth:
            break
    assert error is None
    assert nth > 0


KILLED = """
import os, signal, sys
from sodaf_nb.backup import MigrationBackupManager, writer
from sodaf_nb.database import Database
real = writer.encrypt
def dying(chunks, write, recipients):
    seen = []
    def killed(data):
        write(data)
        seen.append(data)
        if len(seen) == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
    real(chunks, killed, recipients)
writer.encrypt = dying
MigrationBackupManager(Database(sys.argv[1]), sys.argv[2], recipients=(sys.argv[3],), compression="none").create_backup("C", "tabCity")
"""  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("writes", [1, 2, 4])
def test_kill_9_while_encrypting_leaves_nothing_that_counts_as_a_backup(small, tmp_path, ann, writes):
    run(small, "INSERT INTO tabCity SELECT hex(randomblob(2000)), 1 FROM (SELECT 1 UNION SELECT 2), "
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 60) SELECT i FROM n)")  # fmt: skip
    arguments = [f"sqlite:///{small.file}", str(tmp_path / "backups"), ann.public, str(writes)]
    ran = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=with_package(), check=False)
    assert ran.returncode == -9
    backups = manager(small, tmp_path / "backups")
    (left,) = backups.directory.iterdir()
    assert left.name.startswith(".partial-")
    assert [b for b in backups.list_backups() if not b.problem] == []
    os.utime(left, (0, 0))
    for path in left.iterdir():
        os.utime(path, (0, 0))
    assert backups.cleanup() == (left.name,)
    assert list(backups.directory.iterdir()) == []
