"""How well likely renames are found, measured on real DocType histories.

Every step of every history that both removes and adds columns was read by a person, who noted which pairs are one
field under another name: its values mean the same and need no conversion beyond the type. The signs were weighed on
the same steps, so the figures say how well they fit, not how they do elsewhere. A field whose values must be computed
anew (minutes that become seconds, two answers that become a flag) counts as another one.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from sodaf_nb.diff.engine import traits
from sodaf_nb.diff.renames import Clues, candidates
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import SodafError
from tests.replay.corpus import folder, histories

# (history, version before): {old: new}
TRUTH = {
    ("builder-Block Template", 1): {"order": "sort_order"},
    ("builder-Builder Page", 0): {"options": "blocks"},
    ("builder-Builder Page", 26): {"module": "app"},
    ("builder-Builder Token", 2): {"token_name": "variable_name"},
    ("builder-Builder Token", 5): {"variable_name": "token_name"},
    ("gameplan-GP Team", 3): {"description": "readme"},
    ("helpdesk-HD Agent", 1): {"team": "group"},
    ("helpdesk-HD Notification", 1): {
        "from_user": "user_from",
        "to_user": "user_to",
        "type": "notification_type",
        "ticket": "reference_ticket",
        "comment": "reference_comment",
    },
    ("helpdesk-HD Service Level Agreement", 0): {"priority": "default_priority"},
    ("helpdesk-HD Service Level Agreement", 3): {"enable": "enabled"},
    ("helpdesk-HD Service Level Agreement", 14): {"default_service_level_agreement": "default_sla"},
    ("helpdesk-HD Team Item", 1): {"agent_group": "team"},
    ("helpdesk-HD Ticket", 18): {"agreement_status": "agreement_fulfilled"},
    ("helpdesk-HD Ticket", 23): {"agreement_fulfilled": "agreement_status"},
    ("helpdesk-HD Ticket", 26): {"issue_type": "ticket_type", "issue_split_from": "ticket_split_from"},
    ("helpdesk-HD Ticket", 41): {"service_level_agreement": "sla"},
    ("helpdesk-HD Ticket", 55): {"customer_feedback": "feedback_extra"},
    ("helpdesk-HD Ticket Template DocField", 4): {"value": "value_backend"},
    ("helpdesk-Maintenance Schedule Item", 1): {"prevdoc_docname": "sales_order"},
    ("helpdesk-Service Level", 0): {"priority": "default_priority"},
    ("lms-Community Member", 4): {"user_name": "username"},
    ("lms-Community Project", 0): {"event": "hackathon"},
    ("lms-Exercise Latest Submission", 1): {"batch": "batch_old"},
    ("lms-Exercise Submission", 5): {"batch": "batch_old"},
    ("lms-LMS Assignment Submission", 0): {"user": "member"},
    ("lms-LMS Batch", 8): {"paid_class": "paid_batch"},
    ("lms-LMS Certificate", 1): {"class_name": "batch_name"},
    ("lms-LMS Certificate Evaluation", 3): {"class": "class_name"},
    ("lms-LMS Certificate Evaluation", 4): {"class_name": "batch_name"},
    ("lms-LMS Certificate Request", 4): {"class_name": "batch_name"},
    ("lms-LMS Course", 18): {"is_published": "published"},
    ("lms-LMS Enrollment", 15): {"batch": "batch_old"},
    ("lms-LMS Live Class", 0): {"class_name": "batch_name"},
    ("lms-Talk", 0): {"topic": "category"},
    ("wiki-Wiki Space", 1): {"wiki_space_logo": "light_mode_logo"},
}
STANDARD = frozenset({"parent", "parenttype", "parentfield", "lft", "rgt"})


def read(doc):
    engine = DocTypeEngine()
    try:
        doctype = engine.register(doc)
    except SodafError:
        return None, None  # what cannot be loaded cannot be compared
    return doctype, engine.wanted_table(doctype.name)


@cache
def steps():
    """Return (key, both DocTypes, both tables, renames that the app itself shipped) of steps that may hold a rename."""
    return tuple(step for history in histories() for step in steps_of(history))


def steps_of(history):
    loaded = [(version, read(version.doc)) for version in history.versions]
    for (before, (old, had)), (after, (new, wanted)) in pairwise(loaded):
        if had and wanted:
            yield (history.id, before.seq), (old, new), (had, wanted), after.field_renames


def gone(table, other):
    return [column for column in table.columns if other.column(column.name) is None]


def measured(*, with_fields):
    """Return (renames found, other pairs asked about, renames missed)."""
    hits = wrong = missed = 0
    for key, (old, new), (had, wanted), shipped in steps():
        truth = {**TRUTH.get(key, {}), **shipped}
        clues = Clues(standard=STANDARD, old_order=had.column_names(), new_order=wanted.column_names())
        if with_fields:
            clues = Clues(
                standard=STANDARD,
                old_order=had.column_names(),
                new_order=wanted.column_names(),
                old=traits(old),
                new=traits(new),
            )
        asked = {(c.old, c.new) for c in candidates(gone(had, wanted), gone(wanted, had), clues)}
        right = asked & set(truth.items())
        hits, wrong, missed = hits + len(right), wrong + len(asked) - len(right), missed + len(truth) - len(right)
    return hits, wrong, missed


needs_corpus = pytest.mark.skipif(not histories(), reason=f"no corpus of DocType histories in {folder().name}/")


@needs_corpus
def test_with_what_the_history_knows_of_the_fields_nearly_every_rename_is_found():
    hits, wrong, missed = measured(with_fields=True)
    assert (hits, wrong, missed) == (38, 9, 2)
    assert (round(hits / (hits + wrong), 2), hits / (hits + missed)) == (0.81, 0.95), "precision and recall"


@needs_corpus
def test_with_the_columns_alone_most_renames_are_found():
    hits, wrong, missed = measured(with_fields=False)
    assert (hits, wrong, missed) == (31, 11, 9), "precision 0.74, recall 0.78"


@needs_corpus
def test_every_rename_that_an_app_shipped_itself_is_among_them():
    shipped = [(key, had, wanted, renames) for key, _types, (had, wanted), renames in steps() if renames]
    assert shipped
    for _key, had, wanted, renames in shipped:
        asked = {(c.old, c.new) for c in candidates(gone(had, wanted), gone(wanted, had))}
        assert set(renames.items()) <= asked
