"""Loading files and folders."""

import json
from pathlib import Path

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DocTypeNotFoundError, InvalidDocTypeError
from tests.doctype.making import doctype, field


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return file

    return write


def problems_of(path, engine=None):
    with pytest.raises(InvalidDocTypeError) as caught:
        (engine or DocTypeEngine()).load(path)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_one_file(write):
    engine = DocTypeEngine()
    assert [d.name for d in engine.load(write("any.name", doctype()))] == ["Customer"]
    assert "Customer" in engine


def test_folder_is_read_recursively_and_as_text_path(write, tmp_path):
    write("b/b.json", doctype(name="B"))
    write("a/deep/a.json", doctype(name="A"))
    write("readme.md", "no JSON")
    assert [d.name for d in DocTypeEngine().load(str(tmp_path))] == ["A", "B"]


def test_other_kinds_are_passed_over_in_a_folder_but_not_alone(write, tmp_path):
    report = write("report.json", '{"doctype": "Report", "name": "R", "name": "R"}')
    write("a.json", doctype(name="A"))
    assert [d.name for d in DocTypeEngine().load(tmp_path)] == ["A"]
    assert set(problems_of(report)) >= {"report.json:$.doctype"}


def test_hidden_folders_are_passed_over(write, tmp_path):
    write(".ipynb_checkpoints/a-checkpoint.json", doctype(name="Stale"))
    write("x/.hidden.json", "{")
    write("a.json", doctype(name="A"))
    assert [d.name for d in DocTypeEngine().load(tmp_path)] == ["A"]


def test_folder_below_a_hidden_one_is_read(write, tmp_path):
    write(".work/a.json", doctype(name="A"))
    assert len(DocTypeEngine().load(tmp_path / ".work")) == 1


def test_problems_of_all_files_come_at_once_and_nothing_is_added(write, tmp_path):
    write("a/good.json", doctype(name="Good"))
    write("a/broken.json", "{")
    write("b.json", doctype(field("a b"), name="B"))
    write("list.json", "[]")
    write("latin.json", '{"name": "Größe"}'.encode("latin-1"))
    write("big.json", "[" + "0," * 600_000 + "0]")
    engine = DocTypeEngine()
    assert set(problems_of(tmp_path, engine)) == {
        "a/broken.json:$",
        "b.json:$.fields[0].fieldname",
        "list.json:$",
        "latin.json:$",
        "big.json:$",
    }
    assert len(engine) == 0


def test_too_large_is_said_even_when_a_character_is_cut(write):
    file = write("big.json", b'"' + b"x" * 999_999 + "ä".encode() * 5)
    assert "larger than" in problems_of(file)["big.json:$"]


def test_one_doctype_in_two_files(write, tmp_path):
    write("one.json", doctype(field("a")))
    write("two.json", doctype(field("b")))
    assert problems_of(tmp_path) == dict.fromkeys(["one.json:$.name", "two.json:$.name"], "'Customer' is in 2 files")


def test_names_that_differ_only_in_case(write, tmp_path):
    write("one.json", doctype(name="Customer"))
    write("two.json", doctype(name="CUSTOMER"))
    assert list(problems_of(tmp_path)) == ["two.json:$.name"]


def test_nameless_files_are_each_reported_once(write, tmp_path):
    write("one.json", {"fields": []})
    write("two.json", {"fields": []})
    assert problems_of(tmp_path) == dict.fromkeys(["one.json:$.name", "two.json:$.name"], "is missing")


def test_loading_again_replaces(write):
    engine = DocTypeEngine()
    engine.load(write("a.json", doctype(field("a"))))
    engine.load(write("a.json", doctype(field("b"))))
    assert engine.get("Customer").fields[0].fieldname == "b"


@pytest.mark.parametrize("path", ["gone", "gone.json", ""])
def test_missing_path(tmp_path, path):
    with pytest.raises(DocTypeNotFoundError, match="check the path"):
        DocTypeEngine().load(tmp_path / "x" / path)


def test_current_folder(write, tmp_path, monkeypatch):
    write("a.json", "{")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidDocTypeError, match=r"DocType '\.'"):
        DocTypeEngine().load(".")


def test_file_that_cannot_be_read(write, monkeypatch):
    file = write("a.json", doctype())

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert problems_of(file) == {"a.json:$": "cannot be read: Permission denied"}


def test_hostile_file_name_is_escaped(write):
    assert list(problems_of(write("a\x1b[2J.json", "{"))) == ["a\\x1b[2J.json:$"]
