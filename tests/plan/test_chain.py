"""Which migrations stand on top of another one."""

import json

from sodaf_nb.plan.chain import in_the_way
from sodaf_nb.schema import canonical
from tests.plan.making import TABLE, add, plan, rename_table


def entry(migration_id, *operations, on=TABLE, doctype="Customer", status="applied", undoes=None):
    """Return a history entry as it comes out of JSON."""
    stored = json.loads(canonical(plan(*operations, on=on, doctype=doctype)))
    return migration_id, status, {"plan": stored} | ({"rollback_of": undoes} if undoes else {})


def on_top_of(migration_id, *oldest_first):
    return in_the_way(migration_id, oldest_first[::-1])


def test_the_newest_migration_has_nothing_on_top():
    assert on_top_of("M2", entry("M1", add()), entry("M2", add("b"))) == ()


def test_newer_migrations_of_the_table_are_in_the_way_newest_first():
    history = entry("M1", add("a")), entry("M2", add("b")), entry("M3", add("c"), add("d"))
    assert on_top_of("M1", *history) == ("Customer (2 changes)", "Customer (1 changes)")
    assert on_top_of("M2", *history) == ("Customer (2 changes)",)


def test_migrations_of_other_tables_are_not_in_the_way():
    other = entry("M2", add("b", on="tabNote"), on="tabNote", doctype="Note")
    assert on_top_of("M1", entry("M1", add()), other) == ()


def test_failed_migrations_are_not_in_the_way():
    assert on_top_of("M1", entry("M1", add()), entry("M2", add("b"), status="failed")) == ()


def test_a_migration_that_was_taken_back_is_not_in_the_way_and_neither_is_what_took_it_back():
    history = (
        entry("M1", add("a")),
        entry("M2", add("b"), status="rolled_back"),
        entry("R2", add("b"), undoes="M2"),
    )
    assert on_top_of("M1", *history) == ()


def test_taking_a_rollback_back_puts_the_migration_in_the_way_again():
    history = (
        entry("M1", add("a")),
        entry("M2", add("b"), status="rolled_back"),
        entry("R2", add("b"), undoes="M2", status="rolled_back"),
        entry("RR2", add("b"), undoes="R2"),
    )
    assert on_top_of("M1", *history) == ("Customer (1 changes)",)
    again = entry("RRR2", add("b"), undoes="RR2")
    assert on_top_of("M1", *history, again) == ()


def test_only_what_was_taken_back_leaves_the_stack():
    history = (
        entry("M1", add("a")),
        entry("M2", add("b"), doctype="Two"),
        entry("M3", add("c"), doctype="Three", status="rolled_back"),
        entry("R3", add("c"), doctype="Three", undoes="M3"),
        entry("M4", add("d"), doctype="Four"),
    )
    assert on_top_of("M1", *history) == ("Four (1 changes)", "Two (1 changes)")


def test_a_table_is_followed_through_its_rename():
    history = (
        entry("M1", add("a", on="tabClient"), on="tabClient", doctype="Client"),
        entry("M2", rename_table("tabClient", TABLE)),
        entry("M3", add("b"), add("c")),
    )
    assert on_top_of("M1", *history) == ("Customer (2 changes)", "Customer (1 changes)")


def test_what_happened_before_does_not_count():
    assert on_top_of("M2", entry("M1", add("a")), entry("M2", add("b"))) == ()


def test_an_unknown_migration_has_nothing_on_top():
    assert on_top_of("M9", entry("M1", add("a"))) == ()
