"""A backup that is not exactly what was written is refused, whatever was done to it."""

import gzip
import json
import os
import shutil
import sqlite3
import zlib
from contextlib import closing

import pytest
import zstandard

from sodaf_nb.backup.codecs import CHUNK, CODECS, CodecError
from sodaf_nb.backup.manifest import MANIFEST_LIMIT, ManifestError, parse_manifest
from sodaf_nb.errors import MigrationRestoreError
from tests.backup.helpers import forge, letters, manager, run, sha256, state

refused = pytest.raises(MigrationRestoreError)


@pytest.fixture
def made(small, backups):
    return backups.create_backup("City", "tabCity")


def test_every_flipped_byte_of_the_manifest_is_noticed(made, backups):
    path = made.path / "manifest.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with refused:
            backups.get(made.id)
    assert [b.problem is None for b in backups.list_backups()] == [False]
    path.write_bytes(whole)
    assert backups.get(made.id).problem is None


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_every_flipped_byte_of_the_data_is_noticed(small, tmp_path, compression):
    backups = manager(small, tmp_path / "b", compression=compression)
    made = backups.create_backup("City", "tabCity")
    path = next(made.path.glob("data*"))
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with refused:
            backups.read_rows(made.id)


@pytest.mark.parametrize("name", ["manifest.json", "data.sqlite.zst"])
@pytest.mark.parametrize("keep", [0, 1, -1])
def test_truncation_is_noticed(made, backups, name, keep):
    path = made.path / name
    path.write_bytes(path.read_bytes()[:keep])
    with refused:
        backups.restore_backup(made.id)


def test_data_swapped_between_two_backups_is_noticed(small, backups):
    one = backups.create_backup("City", "tabCity")
    run(small, "UPDATE tabCity SET size = 4 WHERE size = 3")
    two = backups.create_backup("City", "tabCity")
    data = [b.path / "data.sqlite.zst" for b in (one, two)]
    contents = [path.read_bytes() for path in data]
    data[0].write_bytes(contents[1])
    data[1].write_bytes(contents[0])
    for backup in (one, two):
        with refused:
            backups.validate_backup(backup.id)


def test_renamed_backup_is_noticed(made, backups):
    made.path.rename(made.path.with_name(letters(77)))
    with pytest.raises(MigrationRestoreError, match="names another id"):
        backups.get(letters(77))


@pytest.mark.parametrize("change", ["missing", "added"])
def test_missing_and_added_files_are_noticed(made, backups, change):
    if change == "missing":
        (made.path / "data.sqlite.zst").unlink()
    else:
        (made.path / "extra").touch()
    with pytest.raises(MigrationRestoreError, match="missing"):
        backups.get(made.id)


@pytest.mark.parametrize(
    "backup_id", ["../../x", "/etc/passwd", "a/b", "C:\\x", "..", "", ".partial-x", letters(1) + "\n", letters(1)[:-1]]
)
def test_what_is_no_id_never_becomes_a_path(backups, backup_id):
    with pytest.raises(MigrationRestoreError, match="not a backup id"):
        backups.get(backup_id)


def test_unknown_id_is_said_to_be_unknown(made, backups):
    with pytest.raises(MigrationRestoreError, match="There is no backup"):
        backups.restore_backup(letters(99))


def test_linked_folder_and_linked_files_are_not_followed(made, backups, tmp_path):
    shutil.move(made.path, tmp_path / made.id)
    made.path.symlink_to(tmp_path / made.id)
    with refused:
        backups.get(made.id)
    made.path.unlink()
    shutil.move(tmp_path / made.id, made.path)
    data = made.path / "data.sqlite.zst"
    shutil.move(data, tmp_path / "data")
    data.symlink_to(tmp_path / "data")
    with refused:
        backups.get(made.id)


def test_pipe_in_the_place_of_a_file_does_not_hang(made, backups):
    (made.path / "manifest.json").unlink()
    os.mkfifo(made.path / "manifest.json", 0o600)
    with pytest.raises(MigrationRestoreError, match="not a regular file"):
        backups.get(made.id)


@pytest.mark.parametrize(("name", "mode"), [(".", 0o770), ("manifest.json", 0o602), ("data.sqlite.zst", 0o620)])
def test_what_others_can_write_is_not_read(made, backups, name, mode):
    (made.path / name).chmod(mode)
    with pytest.raises(MigrationRestoreError, match="chmod"):
        backups.get(made.id)


def bomb(made, data, **facts):
    (made.path / "data.sqlite.zst").write_bytes(data)
    forge(made.path, stored_size=len(data), stored_sha256=sha256(data), **facts)


@pytest.mark.parametrize("declared", [True, False])
def test_bomb_stops_at_the_first_byte_too_many(made, backups, monkeypatch, declared):
    packer = zstandard.ZstdCompressor(level=1, write_content_size=declared)
    bomb(made, packer.compress(bytes(1 << 28)))
    written = []
    monkeypatch.setattr("sodaf_nb.backup.reader._require", counting(written))
    with pytest.raises(MigrationRestoreError, match="more than was saved"):
        backups.validate_backup(made.id)


def counting(written):
    from sodaf_nb.backup.reader import _require

    def require(holds, otherwise):
        written.append(otherwise)
        assert len(written) < 20, "more than one chunk was unpacked"
        _require(holds, otherwise)

    return require


def test_data_that_unpacks_to_less_or_to_something_else_is_noticed(made, backups):
    size = json.loads((made.path / "manifest.json").read_bytes())["plain_size"]
    bomb(made, zstandard.ZstdCompressor().compress(bytes(size - 1)))
    with pytest.raises(MigrationRestoreError, match="less than was saved"):
        backups.validate_backup(made.id)
    bomb(made, zstandard.ZstdCompressor().compress(bytes(size)))
    with pytest.raises(MigrationRestoreError, match="something else"):
        backups.validate_backup(made.id)


def test_bytes_after_the_packed_data_are_noticed(made, backups):
    data = (made.path / "data.sqlite.zst").read_bytes()
    (made.path / "data.sqlite.zst").write_bytes(data + b"more")
    forge(made.path, stored_size=len(data) + 4)
    with refused:
        backups.validate_backup(made.id)


def forged_data(made, tmp_path, *statements):
    """Exchange the data for another sound SQLite file, every hash made to fit."""
    path = tmp_path / "forged.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    plain = path.read_bytes()
    bomb(made, zstandard.ZstdCompressor().compress(plain), plain_size=len(plain), plain_sha256=sha256(plain))


CITY = "CREATE TABLE tabCity(name TEXT, size INTEGER)"
ROWS = "INSERT INTO tabCity VALUES('Rome', 3), ('Ulm', 1)"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ((CITY, "INSERT INTO tabCity VALUES('Rome', 3), ('Ulm', 2)"), "rows are not those"),
        ((CITY, "INSERT INTO tabCity VALUES('Rome', 3), ('Ulm', '1x')"), "rows are not those"),
        ((CITY, "INSERT INTO tabCity VALUES('Rome', 3)"), "another number of rows"),
        ((CITY.replace(")", ", more)"), "INSERT INTO tabCity VALUES('Rome', 3, 1), ('Ulm', 1, 1)"), "not the one"),
        ((CITY, ROWS, "CREATE VIEW v AS SELECT 1"), "not one sound table"),
        ((CITY, ROWS, "CREATE TRIGGER t AFTER INSERT ON tabCity BEGIN SELECT 1; END"), "not one sound table"),
        (("CREATE VIEW tabCity AS SELECT 1",), "not one sound table"),
        (("CREATE TABLE other(a)",), "not one sound table"),
    ],
)  # fmt: skip
def test_forged_rows_are_noticed_even_when_every_hash_fits(made, backups, tmp_path, statements, reason):
    forged_data(made, tmp_path, *statements)
    with pytest.raises(MigrationRestoreError, match=reason):
        backups.validate_backup(made.id)


def test_forged_columns_are_noticed(made, backups):
    forge(made.path, columns=[["name", "TEXT"], ["size", "TEXT"]])
    with pytest.raises(MigrationRestoreError, match="columns are not those"):
        backups.validate_backup(made.id)


def test_hash_of_the_stored_bytes_counts(made, backups):
    forge(made.path, stored_sha256=sha256(b""))
    with pytest.raises(MigrationRestoreError, match="changed after"):
        backups.validate_backup(made.id)


def test_data_that_is_no_database_is_noticed(made, backups):
    data = zstandard.ZstdCompressor().compress(b"x" * 5000)
    bomb(made, data, plain_size=5000, plain_sha256=sha256(b"x" * 5000))
    with pytest.raises(MigrationRestoreError, match="not a database"):
        backups.validate_backup(made.id)


@pytest.mark.parametrize("sql", ["CREATE INDEX a ON nothing(x)", "ATTACH 'x' AS y; SELECT 1", "nonsense", "a\0b"])
def test_forged_objects_change_nothing(made, small, backups, sql):
    forge(made.path, objects=[["index", "a", sql]])
    run(small, "DROP TABLE tabCity")
    with pytest.raises(MigrationRestoreError, match="was not restored"):
        backups.restore_backup(made.id)
    with closing(small.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b"{}", b"\xff", b'{"format":2}', b'{"format":1}', b"[" * 100_000, b'{"format":NaN}'],
)
def test_what_is_no_manifest_is_refused(raw):
    with pytest.raises(ManifestError):
        parse_manifest(raw)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("id", "../x"), ("id", 5), ("doctype", None), ("migration_id", 7), ("columns", [["a"]]), ("columns", "ab"),
        ("columns", [["a", 1]]), ("objects", [["a", "b"]]), ("sequence", 1.5), ("row_count", -1), ("row_count", True),
        ("plain_size", "1"), ("stored_size", None), ("codec", "bz2"), ("codec", []), ("data_file", "../x"),
        ("format", 0), ("format", 1), ("format", 4), ("format", True), ("strategy", "half"), ("strategy", []),
        ("strategy", "column"), ("strategy", "incremental"), ("base_id", "../x"), ("base_id", letters(9)),
        ("base_sha256", "x"), ("key", ["nothing"]), ("key", "name"), ("key", [1]), ("note", None), ("unknown", 1),
    ],
)  # fmt: skip
def test_manifest_with_a_wrong_field_is_refused_even_when_its_checksum_fits(made, backups, field, wrong):
    forge(made.path, **{field: wrong})
    with refused:
        backups.get(made.id)


def test_manifest_without_end_is_not_read_to_its_end(made, backups):
    with (made.path / "manifest.json").open("ab") as file:
        file.truncate(MANIFEST_LIMIT + 1)
    with pytest.raises(MigrationRestoreError, match="too large"):
        backups.get(made.id)


@pytest.mark.parametrize("codec", ["zstd", "gzip", "none"])
def test_codecs_stream_and_give_everything_back(tmp_path, codec):
    chunks = [b"a" * CHUNK, b"", os.urandom(1000), b"b" * (3 * CHUNK + 1)]
    path = tmp_path / "packed"
    path.write_bytes(b"".join(CODECS[codec].pack(chunks)))
    with path.open("rb", buffering=0) as file:
        parts = list(CODECS[codec].unpack(file))
    assert b"".join(parts) == b"".join(chunks)
    assert max(map(len, parts)) <= CHUNK


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        ("zstd", b"no frame"),
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(b"abc", mtime=0)[:-3]),
        ("gzip", zlib.compress(b"a")),
    ],
)
def test_bytes_of_another_codec_are_refused(tmp_path, codec, data):
    path = tmp_path / "packed"
    path.write_bytes(data)
    with path.open("rb", buffering=0) as file, pytest.raises(CodecError):
        list(CODECS[codec].unpack(file))


def test_frame_that_asks_for_much_memory_is_refused(tmp_path):
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    path = tmp_path / "packed"
    path.write_bytes(
        zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(os.urandom(300_000))
    )
    with path.open("rb", buffering=0) as file, pytest.raises(CodecError):
        list(CODECS["zstd"].unpack(file))


def test_damaged_backup_leaves_the_table_alone(made, small, backups):
    before = state(small, "tabCity")
    (made.path / "data.sqlite.zst").write_bytes(b"")
    with refused:
        backups.restore_backup(made.id)
    assert state(small, "tabCity") == before
