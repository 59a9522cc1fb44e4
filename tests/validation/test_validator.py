"""Which findings stop an apply, and in which order they are shown."""

import pytest

from sodaf_nb.errors import BlockedMigrationError
from sodaf_nb.validation import Finding, Group, MigrationValidator, Severity, blocking, require_accepted
from tests.plan.making import TEXT, add, alter, drop
from tests.validation.making import evidence


def finding(rule="DS03", severity=Severity.BLOCK, thing="tabCustomer.city", **attributes):
    return Finding(
        rule=rule,
        group=Group.DATA_LOSS_RISK,
        severity=severity,
        object=thing,
        message=f"{thing} is dropped.",
        **attributes,
    )


LOSS, OTHER, NEVER = finding(), finding("DS08"), finding("MF01", acceptable=False)
WARNING, NOTE = finding("DS07", Severity.WARN), finding("DS02", Severity.INFO)


@pytest.mark.parametrize(
    ("accept", "left"),
    [
        ((), (LOSS, OTHER, NEVER)),
        ({"DS03"}, (OTHER, NEVER)),
        (["DS08", "DS03"], (NEVER,)),
        ({"ds03"}, (LOSS, OTHER, NEVER)),
        ({"MF01"}, (LOSS, OTHER, NEVER)),
        ("all", (NEVER,)),
    ],
)
def test_accepted_findings_stop_nothing_but_some_cannot_be_accepted(accept, left):
    assert blocking([LOSS, OTHER, NEVER, WARNING, NOTE], accept) == left


def test_warnings_and_notes_stop_nothing():
    assert blocking([WARNING, NOTE], ()) == ()
    require_accepted("Customer", [WARNING, NOTE], ())


def test_a_part_of_an_id_accepts_nothing():
    assert blocking([LOSS], ["DS0", "S03", ""]) == (LOSS,)


def test_what_is_left_is_in_the_error_with_the_way_out():
    with pytest.raises(BlockedMigrationError) as caught:
        require_accepted("Customer", [finding(fix="keep the column"), OTHER, WARNING], {"DS08"})
    assert [f.rule for f in caught.value.findings] == ["DS03"]
    assert (caught.value.doctype, caught.value.hint) == (
        "Customer",
        'keep the column; or take it on with accept={"DS03"}',
    )
    assert "DS03: tabCustomer.city is dropped" in str(caught.value)


def test_what_cannot_be_accepted_says_so():
    with pytest.raises(BlockedMigrationError) as caught:
        require_accepted("Customer", [NEVER], "all")
    assert caught.value.hint == "it cannot be accepted as it is"


def test_everything_accepted_goes_through():
    require_accepted("Customer", [LOSS, OTHER], {"DS03", "DS08"})


def test_findings_that_stop_come_first_then_by_rule_and_object():
    rules = [lambda _: [NOTE, finding(thing="b")], lambda _: [WARNING, finding(thing="a"), finding("AA01")]]
    found = MigrationValidator(rules).validate(evidence())
    assert [(f.severity, f.rule, f.object) for f in found] == [
        ("block", "AA01", "tabCustomer.city"),
        ("block", "DS03", "a"),
        ("block", "DS03", "b"),
        ("warn", "DS07", "tabCustomer.city"),
        ("info", "DS02", "tabCustomer.city"),
    ]


def test_no_rules_find_nothing():
    assert MigrationValidator([]).validate(evidence(drop("city"), counts={(0, "filled"): 9})) == ()


def test_a_plan_with_many_faults_has_all_its_findings():
    found = MigrationValidator().validate(
        evidence(
            *(add("vat", nullable=False), drop("city"), alter("zip", TEXT, TEXT, nullable=False)),
            counts={(0, "nulls"): 1, (1, "filled"): 0, (2, "nulls"): 1},
            problem="no way back",
        )
    )
    assert [f.rule for f in found] == ["MF03", "MF04", "HY13", "DS03"]


def test_the_same_evidence_gives_the_same_findings():
    given = evidence(drop("city"), drop("fax"), counts={(0, "filled"): 1, (1, "filled"): 1})
    assert MigrationValidator().validate(given) == MigrationValidator().validate(given)
