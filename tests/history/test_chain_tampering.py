"""Whatever is edited, deleted, moved or put in: no other list of entries passes for the one that was written."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.history.chain import chain_problems
from tests.history.test_chain import KEY, chain, head_of

WHOLE = chain(6, KEY)
FIELDS = ("time", "actor", "event", "doctype", "subject", "details", "previous", "digest", "seal")


def renumbered(entries):
    return [replace(entry, number=number) for number, entry in enumerate(entries, start=1)]


def contents(entries):
    """Return entries without seals: that of one before a sealed one says nothing more, as the digests hang together."""
    return [replace(entry, seal="") for entry in entries]


@st.composite
def tampered(draw):
    """Return the entries after some edits, deletions, moves and additions, with their numbers mended or not."""
    entries = list(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        how, place = draw(st.sampled_from(["edit", "delete", "move", "add"])), draw(st.integers(0, len(entries) - 1))
        if how == "edit":
            entries[place] = replace(entries[place], **{draw(st.sampled_from(FIELDS)): draw(st.text(max_size=4))})
        elif how == "delete" and len(entries) > 1:
            entries.pop(place)
        elif how == "move":
            entries.insert(draw(st.integers(0, len(entries) - 1)), entries.pop(place))
        else:
            entries.insert(place, draw(st.sampled_from(WHOLE)))
    return renumbered(entries) if draw(st.booleans()) else entries


@given(entries=tampered())
@settings(max_examples=100, deadline=None)
def test_only_the_entries_as_they_were_written_have_no_problem(entries):
    found = chain_problems(entries, head_of(WHOLE), KEY)
    assert found == [] or entries != WHOLE
    assert found or contents(entries) == contents(WHOLE)


@given(entries=tampered(), at=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_a_chain_that_was_closed_anew_without_the_key_is_noticed(entries, at):
    """Somebody without the key can mend every digest, and no seal."""
    mended, previous = [], WHOLE[0].previous
    for number, entry in enumerate(entries, start=1):
        changed = replace(entry, number=number, previous=previous, actor="eve" if number == at else entry.actor)
        mended.append(replace(changed, digest=changed.computed()))
        previous = mended[-1].digest
    assert mended == WHOLE or chain_problems(mended, head_of(WHOLE), KEY) != []
