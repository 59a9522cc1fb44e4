"""Which dropped and added columns may be one column renamed."""

from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.diff.renames import Clues, Trait, candidates
from tests.diff.making import INTEGER, TEXT, column
from tests.schema.strategies import RELAXED, columns


def pairs(removed, added):
    return [(c.old, c.new) for c in candidates(removed, added)]


def test_the_reasons_are_words():
    (found,) = candidates([column("phone", TEXT)], [column("phone_number", TEXT)])
    assert found.reasons == (
        *("names are 59% alike", "shared words phone"),
        *("same type text", "nothing else was removed or added"),
    )
    assert found.score == 0.726


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


# ---------------------------------------------------------------- what the DocType says


def reasons(old, new, removed="a_one", added="b_two", data_type=TEXT, **clues):
    known = Clues(old={removed: old}, new={added: new}, **clues)
    found = candidates([column(removed, data_type)], [column(added, data_type)], known)
    return found[0].reasons if found else ()


DATA, LINK = Trait(fieldtype="Data"), Trait(fieldtype="Link", options="Team")


def test_a_label_that_stays_is_a_sign():
    titled = Trait(fieldtype="Data", label="Category")
    assert "same label Category" in reasons(titled, Trait(fieldtype="Data", label="category"))
    assert reasons(DATA, DATA) == ()


def test_an_unusual_fieldtype_and_its_options_are_signs():
    assert reasons(LINK, LINK)[-2:] == ("both are Link", "same options")
    assert "Team Group and Team are alike" in reasons(Trait(fieldtype="Link", options="Team Group"), LINK)


def test_a_select_that_offers_all_the_old_choices_is_a_sign():
    old, more = (
        Trait(fieldtype="Select", options="A\nB", label="x"),
        Trait(fieldtype="Select", options="A\nB\nC", label="x"),
    )
    assert reasons(old, more)[-1] == "offers all of the old choices"
    scores = [
        candidates([column("a_one")], [column("a_two")], Clues(old={"a_one": old}, new={"a_two": new}))[0].score
        for new in (more, Trait(fieldtype="Select", options="C", label="x"))
    ]
    assert scores[0] > scores[1]


def test_another_fieldtype_and_a_flag_speak_against():
    assert pairs([column("paid_fee", INTEGER)], [column("paid_tax", INTEGER)]) != []
    flag = Trait(fieldtype="Check")
    assert reasons(flag, Trait(fieldtype="Int"), "is_fee", "is_tax", INTEGER) == ()


def test_neighbours_that_stay_are_a_sign():
    orders = {"old_order": ("x", "a_one", "y"), "new_order": ("x", "b_two", "z", "y")}
    assert "stands beside x and y as before" in reasons(DATA, DATA, **orders)


def test_an_abbreviation_and_the_same_letters_are_signs():
    (short,) = candidates([column("service_level_agreement")], [column("sla")])
    assert "sla abbreviates the other" in short.reasons
    (same,) = candidates([column("user_name")], [column("username")])
    assert "the same letters" in same.reasons


def test_a_column_that_every_table_has_is_no_field_renamed():
    assert candidates([column("parent_x")], [column("parent")], Clues(standard=frozenset({"parent"}))) == ()
