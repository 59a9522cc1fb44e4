"""When the rows are worse than what was approved."""

from dataclasses import replace

import pytest

from sodaf_nb.plan.changes import worse
from tests.plan.test_files import LOSS


@pytest.mark.parametrize(
    "now",
    [
        (),
        (LOSS,),
        (replace(LOSS, count=1),),
        (replace(LOSS, severity="warn"),),
        (replace(LOSS, rule="DS09", severity="info"), LOSS),
        (replace(LOSS, message="other words"),),
    ],
)
def test_as_much_or_less_is_not_worse(now):
    assert worse((LOSS,), now) == ()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(LOSS, count=3), "more rows: DS03: It is dropped (2 when it was approved)"),
        (replace(LOSS, object="tabCustomer.city"), "new: DS03: It is dropped"),
        (replace(LOSS, rule="DS08", severity="warn"), "new: DS08: It is dropped"),
    ],
)
def test_more_rows_and_new_findings_are_worse(now, words):
    assert worse((LOSS,), (now,)) == (words,)


def test_a_finding_that_weighs_more_now_is_worse():
    assert worse((replace(LOSS, severity="warn", count=None),), (replace(LOSS, count=None),)) == (
        "graver: DS03: It is dropped",
    )
