"""A team weighs findings as it likes, within what the engine allows."""

import pytest

from sodaf_nb.errors import BlockedMigrationError, UsageError
from sodaf_nb.validation import MigrationValidator
from tests.acceptance.making import World, doctype, field


def dropped(folder, **options):
    world = World(folder, **options)
    world.sync(doctype(field("a"), field("b")))
    world.insert("tabThing", [{"a": "x"}])
    return world.sync(doctype(field("b")), removed_fields="drop", accept={"BC06"})


def test_a_finding_has_its_own_severity_without_a_policy(tmp_path):
    with pytest.raises(BlockedMigrationError, match="DS03"):
        dropped(tmp_path)


def test_a_policy_turns_a_block_into_a_warning(tmp_path):
    result = dropped(tmp_path, policy={"DS03": "warn"})
    assert [(f.rule, str(f.severity)) for f in result.findings if f.rule == "DS03"] == [("DS03", "warn")]


def test_a_policy_turns_a_warning_into_a_block(tmp_path):
    world = World(tmp_path, policy={"DS07": "block"})
    world.sync(doctype(field("a", length=50)))
    world.insert("tabThing", [{"a": "x" * 50}])
    with pytest.raises(BlockedMigrationError, match="DS07"):
        world.sync(doctype(field("a", length=5)))


def test_no_policy_lets_through_what_the_engine_refuses(tmp_path):
    world = World(tmp_path, policy={"MF03": "info"})
    world.sync(doctype(field("a")))
    world.insert("tabThing", [{"a": "x"}])
    with pytest.raises(BlockedMigrationError, match="MF03"):
        world.sync(doctype(field("a"), field("b", required=1)))


@pytest.mark.parametrize("policy", [{"DS99": "warn"}, {"DS03": "shrug"}])
def test_a_policy_that_names_nothing_known_is_refused(policy):
    with pytest.raises(UsageError, match="no rule or no severity"):
        MigrationValidator(policy=policy)
