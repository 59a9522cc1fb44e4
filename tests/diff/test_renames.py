"""Which dropped and added columns may be one column renamed."""

from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.diff.renames import candidates
from tests.diff.making import INTEGER, TEXT, column
from tests.schema.strategies import RELAXED, columns


def pairs(removed, added):
    return [(c.old, c.new) for c in candidates(removed, added)]


def test_the_reasons_are_words():
    (found,) = candidates([column("phone", TEXT)], [column("phone_number", TEXT)])
    assert found.reasons == ("names are 59% alike", "same type text", "shared words phone")
    assert found.score == 0.876


def test_nothing_in_common_is_no_question():
    assert pairs([column("age", INTEGER)], [column("city", TEXT)]) == []


def test_the_same_type_alone_is_no_question():
    assert pairs([column("age", TEXT)], [column("city", TEXT)]) == []


def test_like_names_of_another_type_are_a_question():
    assert pairs([column("due_date", TEXT)], [column("due_dates", INTEGER)]) == [("due_date", "due_dates")]


def test_each_column_is_asked_about_once_and_the_best_pair_wins():
    removed, added = [column("phone"), column("phone_no")], [column("phone_nr"), column("phones")]
    assert pairs(removed, added) == [("phone_no", "phone_nr"), ("phone", "phones")]


def test_a_column_of_the_same_name_on_both_sides_is_not_mixed_up():
    assert pairs([column("a_x"), column("b_x")], [column("b_x"), column("a_x")]) == [("a_x", "a_x"), ("b_x", "b_x")]


@RELAXED
@given(st.lists(columns, max_size=4), st.lists(columns, max_size=4))
def test_candidates_are_scored_from_a_half_to_one_and_best_first(removed, added):
    found = candidates(removed, added)
    scores = [c.score for c in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0.5 <= score <= 1 for score in scores)
    assert len({c.old for c in found}) == len({c.new for c in found}) == len(found)
