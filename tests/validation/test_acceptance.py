"""Taking a finding on: by its id, for one column, with a reason that the history keeps."""

import pytest

from sodaf_nb.errors import BlockedMigrationError, RenameQuestionError, UsageError
from sodaf_nb.options import SyncOptions
from sodaf_nb.validation import blocking, repaired, require_known
from sodaf_nb.validation.acceptance import accepted_ids, reason_for
from tests.acceptance.making import World, doctype, field
from tests.validation.test_validator import LOSS, NEVER, OTHER, finding

FAX = finding(thing="tabCustomer.fax")
BEFORE = doctype(field("title"), field("city"), field("fax"))
AFTER = doctype(field("title"))


@pytest.mark.parametrize(
    ("accept", "left"),
    [
        ({"DS03:city"}, (FAX, OTHER)),
        ({"DS03:tabCustomer.city"}, (FAX, OTHER)),
        ({"DS03:City", "DS03:fax"}, (OTHER,)),
        ({"DS03:town"}, (LOSS, FAX, OTHER)),
        ({"DS08:city"}, (LOSS, FAX)),
        ({"DS03": "agreed"}, (OTHER,)),
        ({"all": "agreed"}, ()),
    ],
)
def test_an_acceptance_may_be_about_one_column(accept, left):
    assert blocking([LOSS, FAX, OTHER], accept) == left


def test_what_the_engine_refuses_is_not_accepted_for_a_column_either():
    assert blocking([NEVER], {"MF01:city": "agreed"}) == (NEVER,)


def test_the_reason_is_that_of_the_narrowest_acceptance():
    accept = {"DS03": "all of them", "DS03:city": "empty in the archive"}
    assert (reason_for(LOSS, accept), reason_for(FAX, accept)) == ("empty in the archive", "all of them")
    assert reason_for(LOSS, {"DS03"}) == reason_for(LOSS, "all") == reason_for(OTHER, accept) == ""


def test_what_was_accepted_as_a_value():
    assert accepted_ids({"DS08": "x", "DS03:a": "y"}) == ("DS03:a", "DS08")
    assert accepted_ids("all") == accepted_ids({"all": "x", "DS03": "y"}) == ("all",)


@pytest.mark.parametrize("accept", [{"DS99:city"}, {"DS99": "why"}, {"DS03:"}, {"ds03:city"}])
def test_an_id_that_no_rule_has_is_refused_with_a_column_as_well(accept):
    with pytest.raises(UsageError, match="no finding with the id"):
        require_known(accept)
    require_known({"DS03:city": "why", "all": "why"})


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.sync(BEFORE)
    made.insert("tabThing", [{"city": "Oslo", "fax": "1"}])
    yield made
    made.close()


def test_who_took_a_finding_on_and_why_is_in_the_history(world):
    accept = {"DS03:city": "agreed with the warehouse", "DS03:fax": ""}
    world.sync(AFTER, removed_fields="drop", accept=accept)
    record = world.applier.history.get_migration_history()[0]
    taken = {f["object"]: f.get("accepted") for f in record.metadata["findings"]}
    assert taken == {
        "tabThing.city": {"by": "tester", "reason": "agreed with the warehouse"},
        "tabThing.fax": {"by": "tester", "reason": ""},
    }
    assert record.metadata["accepted"] == ["DS03:city", "DS03:fax"]


def test_one_column_accepted_leaves_the_other_one_in_the_way(world):
    before = world.state()
    with pytest.raises(BlockedMigrationError) as caught:
        world.sync(AFTER, removed_fields="drop", accept={"DS03:city"})
    assert [f.object for f in caught.value.findings] == ["tabThing.fax"]
    assert world.state() == before


def test_a_rename_question_is_answered_for_one_column_only(world):
    world.declare(doctype(field("title"), field("city_name"), field("fax_no")))
    with pytest.raises(RenameQuestionError, match="fax -> fax_no"):
        world.applier.plan("Thing", SyncOptions(removed_fields="drop", accept={"BC06:city"}))
    world.applier.plan("Thing", SyncOptions(removed_fields="drop", accept={"BC06:city", "BC06:fax"}))


# ---------------------------------------------------------------- repairs


def stopped(world, options):
    with pytest.raises(BlockedMigrationError) as caught:
        world.applier.sync_doctype("Thing", options)
    return caught.value.findings[0]


def test_a_drop_is_repaired_by_keeping_the_column(world):
    world.declare(AFTER)
    options = SyncOptions(removed_fields="drop")
    options = repaired(options, stopped(world, options))
    assert world.applier.sync_doctype("Thing", options).success
    assert world.ask("SELECT city, fax FROM tabThing") == [("Oslo", "1")]


def test_missing_values_are_repaired_by_a_backfill(world):
    world.declare(doctype(*BEFORE["fields"], field("vat", required=1)))
    finding = stopped(world, SyncOptions())
    with pytest.raises(UsageError, match="vat needs a value"):
        repaired(SyncOptions(), finding)
    assert world.applier.sync_doctype("Thing", repaired(SyncOptions(), finding, "none")).success
    assert world.ask("SELECT vat FROM tabThing") == [("none",)]


def test_a_probable_rename_is_repaired_by_renaming(world):
    world.declare(doctype(field("title"), field("city_name"), field("fax")))
    finding = next(f for f in world.applier.dry_run("Thing").findings if f.rule == "BC06")
    assert world.applier.sync_doctype("Thing", repaired(SyncOptions(), finding)).success
    assert world.ask("SELECT city_name FROM tabThing") == [("Oslo",)]


def test_what_only_a_person_can_mend_has_no_repair():
    with pytest.raises(UsageError, match="DS08 has no repair"):
        repaired(SyncOptions(), OTHER)
