"""The audit chain notices whatever is done to it: each way of tampering is one test."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.history.chain import START, Entry, Head, chain_problems

KEY = b"a key that nobody guesses"


def chain(length, key=None):
    entries, previous = [], START
    for number in range(1, length + 1):
        made = Entry(
            number=number,
            time=f"2024-05-01T10:00:{number:02}+00:00",
            actor="ann",
            event="applied",
            doctype="Book",
            subject=f"M{number}",
            details=f'{{"rows":{number}}}',
            previous=previous,
        ).closed(key)
        entries.append(made)
        previous = made.digest
    return entries


def head_of(entries):
    return Head(number=entries[-1].number, digest=entries[-1].digest, seal=entries[-1].seal)


@pytest.mark.parametrize("key", [None, KEY], ids=["without a key", "sealed"])
def test_a_whole_chain_has_no_problem(key):
    entries = chain(5, key)

    assert chain_problems(entries, head_of(entries), key) == []
    assert chain_problems([], None, key) == []


@given(
    place=st.integers(0, 4),
    field=st.sampled_from(["time", "actor", "event", "doctype", "subject", "details", "previous", "digest"]),
    text=st.text(max_size=8),
)
@settings(max_examples=100, deadline=None)
def test_any_changed_field_of_any_entry_is_noticed(place, field, text):
    entries = chain(5)
    if getattr(entries[place], field) != text:
        entries[place] = replace(entries[place], **{field: text})

        assert chain_problems(entries, None, None) != []


def test_a_removed_entry_is_noticed_wherever_it_was():
    entries = chain(5)

    for place in range(4):
        assert chain_problems([*entries[:place], *entries[place + 1 :]], None, None) != []
    assert chain_problems(entries[:4], None, None) == []  # why the end is noted beside the backups
    assert "5 entries when the head was noted, and 4 are left" in chain_problems(entries[:4], head_of(entries), None)[0]


def test_a_changed_order_and_an_entry_put_in_are_noticed():
    entries = chain(5)
    swapped = [entries[0], replace(entries[2], number=2), replace(entries[1], number=3), *entries[3:]]
    put_in = [*entries[:2], replace(entries[1], number=3), *(replace(e, number=e.number + 1) for e in entries[2:])]

    assert chain_problems(swapped, None, None) != []
    assert chain_problems(put_in, None, None) != []


def test_a_chain_written_anew_passes_alone_but_not_against_the_noted_end_or_the_key():
    honest = chain(3, KEY)
    forged, previous = [], START
    for entry in honest:
        made = replace(entry, actor="eve", previous=previous)
        made = replace(made, digest=made.computed())
        forged.append(made)
        previous = made.digest

    assert chain_problems(forged, None, None) == []
    assert "not the one whose digest was noted" in chain_problems(forged, head_of(honest), None)[0]
    assert [p for p in chain_problems(forged, None, KEY) if "was not sealed with this key" in p]


def test_seals_that_were_taken_away_are_noticed_from_the_first_sealed_entry_on():
    plain, rest = chain(2), chain(5, KEY)[2:]
    entries = [*plain, *(replace(e, previous=plain[-1].digest).closed(KEY) if e.number == 3 else e for e in rest)]
    mended = [*entries[:3]]
    assert chain_problems(mended, None, KEY) == []

    unsealed = [*mended[:2], replace(mended[2], seal="")]
    assert chain_problems(unsealed, None, KEY) == []  # nothing is left that says there were seals, but the noted end
    assert chain_problems(unsealed, head_of(mended), None) != []
    two = chain(3, KEY)
    assert chain_problems([two[0], replace(two[1], seal=""), two[2]], None, KEY) == [
        "entry 2 was not sealed with this key"
    ]


def test_a_noted_end_that_is_behind_is_no_problem():
    entries = chain(5)

    assert chain_problems(entries, head_of(entries[:3]), None) == []
