"""Real DocTypes load; the broken ones are refused by name."""

import json

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import InvalidDocTypeError
from tests.doctype import corpus as shared
from tests.doctype.corpus import corpus, versions

# A field `idx` of type Data; an entry without fieldname and fieldtype; one name twice, once without fieldtype.
REFUSED = {
    ("helpdesk", "HD Article", 8): {"$.fields[13].fieldname"},
    ("helpdesk", "HD Article", 9): {"$.fields[13].fieldname"},
    ("helpdesk", "HD Article", 10): {"$.fields[13].fieldname"},
    ("helpdesk", "HD Article", 11): {"$.fields[10].fieldname"},
    ("helpdesk", "HD Service Level Agreement", 7): {"$.fields[24].fieldname", "$.fields[24].fieldtype"},
    ("helpdesk", "HD Service Level Agreement", 8): {"$.fields[24].fieldname", "$.fields[24].fieldtype"},
}

BAD = {
    "made_bad_defaults.json": {f"$.fields[{i}].default" for i in (0, 1, 4, 7)},
    "made_bom_and_nan.json": {"$.fields[0].default"},
    "made_case_collision.json": {"$.fields[1].fieldname", "$.fields[2].fieldname"},
    "made_duplicate_json_key.json": {"$.autoname", "$.fields", "$.fields[0].fieldname", "$.fields[0].fieldtype"},
    "made_fields_not_a_list.json": {"$.fields"},
    "made_hostile_names.json": {"$.name", *(f"$.fields[{i}].fieldname" for i in range(6))},
    "made_impossible_flags.json": {
        "$.issingle",
        "$.fields[0].unique",
        "$.fields[0].search_index",
        "$.fields[1].options",
        "$.fields[2].options",
        "$.fields[3].options",
        "$.fields[4].length",
        "$.fields[5].length",
        "$.fields[6].precision",
    },
    "made_name_lengths.json": {"$.name", *(f"$.fields[{i}].fieldname" for i in range(4))},
    "made_no_name.json": {"$.name"},
    "made_standard_column_names.json": {"$.fields[3].fieldname"},
    "made_truncated.json": {"$"},
    "made_unknown_fieldtype.json": {"$.fields[1].fieldtype"},
    "made_wrong_doctype.json": {"$.doctype"},
    "real_conflict_course_review.json": {"$"},
    "real_conflict_quiz_submission.json": {"$"},
    "real_doclist_array_2013.json": {"$"},
    "real_duplicate_fieldname_no_fieldtype.json": {"$.fields[24].fieldname", "$.fields[24].fieldtype"},
    "real_field_entry_empty.json": {"$.fields[24].fieldname", "$.fields[24].fieldtype"},
    "real_missing_comma.json": {"$"},
    "real_missing_value.json": {"$"},
    "real_python_literal_2011.json": {"$"},
    "real_trailing_comma.json": {"$"},
}


def paths(error):
    return {problem.path for problem in error.value.problems}


@pytest.fixture(scope="module")
def registered():
    """Return an engine with every history read to its end, with what was told and what was refused on the way."""
    engine, told, refused = DocTypeEngine(), [], {}
    for version in versions():
        try:
            doctype = engine.register(version["doc"])
        except InvalidDocTypeError as error:
            key = (version["app"], version["doctype"], version["seq"])
            refused[key] = {problem.path for problem in error.problems}
        else:
            assert json.loads(doctype.to_json()) == version["doc"]
            told.append((doctype, engine.wanted_table(doctype.name), engine.notes(doctype.name)))
    return engine, told, refused


def test_all_1179_real_versions_load_but_six_broken_ones(registered):
    _, told, refused = registered
    assert refused == REFUSED
    assert len(told) == 1179 - len(REFUSED)
    assert all((table is None) == doctype.is_single for doctype, table, _ in told)


def test_no_real_doctype_gives_a_false_alarm(registered):
    assert {note for *_, notes in registered[1] for note in notes if "did you mean" in note} == set()


def test_every_real_doctype_stands_after_its_targets_or_in_a_cycle_with_them(registered):
    engine, _, _ = registered
    order = engine.dependency_order()
    assert sorted(order) == list(engine.names())
    targets = {
        d.name: {f.options for f in d.fields if f.kind.options in {"a DocType", "a child DocType"}} for d in engine
    }

    def reaches(start, goal):
        seen, todo = set(), [start]
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += targets.get(name, ())
        return goal in seen

    place = {name: i for i, name in enumerate(order)}
    late = [(n, t) for n in order for t in targets[n] if t in place and place[t] > place[n]]
    assert [pair for pair in late if not reaches(pair[1], pair[0])] == []


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_with_each_path(name):
    with pytest.raises(InvalidDocTypeError) as caught:
        DocTypeEngine().load(corpus() / "bad" / name)
    assert paths(caught) == {f"{name}:{path}" for path in BAD[name]}
    assert caught.value.code == "INVALID_DOCTYPE"


@pytest.mark.parametrize("name", BAD)
def test_bad_text_is_refused_with_each_path(name):
    with pytest.raises(InvalidDocTypeError) as caught:
        DocTypeEngine().register((corpus() / "bad" / name).read_text(encoding="utf-8"))
    assert paths(caught) == BAD[name]


def test_every_bad_file_is_listed_here():
    assert {file.name for file in (corpus() / "bad").iterdir()} == set(BAD)


def test_loading_the_bad_folder_names_all_its_files_but_the_report_and_adds_nothing():
    engine = DocTypeEngine()
    with pytest.raises(InvalidDocTypeError) as caught:
        engine.load(corpus() / "bad")
    assert {path.partition(":")[0] for path in paths(caught)} == set(BAD) - {"made_wrong_doctype.json"}
    assert len(engine) == 0


def test_missing_corpus_skips_with_a_reason_and_fails_on_ci(monkeypatch, tmp_path):
    monkeypatch.setattr(shared, "CORPUS", tmp_path / "absent")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no corpus at"):
        corpus()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no corpus at"):
        corpus()
