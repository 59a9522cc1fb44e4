"""Every change keeps every object exactly, or is refused by name; and the way back ends where it began."""

from __future__ import annotations

import pytest

from tests.torture.bench import CIRCUMSTANCES, Bench
from tests.torture.changes import ADD, CHANGES, DEFAULT, EVERYTHING, FILL, INVOLVING, RELAX, TOGETHER
from tests.torture.features import FEATURES, fits
from tests.torture.judge import judge
from tests.torture.model import shop

# Changes of other columns: those that rebuild always, the others by turns.
TURNS = tuple(change for change in CHANGES if change not in (TOGETHER, EVERYTHING))


def beside():
    for number, feature in enumerate(FEATURES):
        for place, change in enumerate((TOGETHER, EVERYTHING, TURNS[number % len(TURNS)])):
            if fits(feature, change):
                yield feature, change, CIRCUMSTANCES[(number + place) % 4]


def itself():
    for number, feature in enumerate(feature for feature in FEATURES if not feature.only):
        for place, change in enumerate(INVOLVING):
            # A default or a nullability moves nothing; what could suffer stands in the table's own text.
            small = change in (DEFAULT, RELAX) and not (feature.clause or feature.constraints or feature.columns)
            if fits(feature, change) and not small:
                yield feature, change, CIRCUMSTANCES[(number + place) % 4]


def parameters(cases):
    return [
        pytest.param(
            feature,
            change,
            circumstance,
            id=f"{feature.traps} {feature.id} - {change.id} - {circumstance}",
            marks=pytest.mark.xfail(reason=feature.reasons[change.id]) if change.id in feature.reasons else (),
        )
        for feature, change, circumstance in cases
    ]


@pytest.mark.parametrize(("feature", "change", "circumstance"), parameters(beside()))
def test_beside_the_changed_column(feature, change, circumstance, tmp_path):
    refused = feature.always or (feature.refused.get(change.id, ()) if change.table else ())
    judge(Bench(tmp_path, shop([(feature, None)]), circumstance), change, refused=refused)


@pytest.mark.parametrize(("feature", "change", "circumstance"), parameters(itself()))
def test_on_the_changed_column_itself(feature, change, circumstance, tmp_path):
    refused = feature.always or feature.refused.get(change.id, ())
    bench = Bench(tmp_path, shop([(feature, change.column)]), circumstance)
    judge(bench, change, refused=refused, late=feature.late.get(change.id, ()))


def all_at_once():
    for number, change in enumerate(CHANGES):
        for circumstance in CIRCUMSTANCES if change == TOGETHER else (CIRCUMSTANCES[number % 4],):
            yield pytest.param(change, circumstance, id=f"{change.traps} {change.id} - {circumstance}")


@pytest.mark.parametrize(("change", "circumstance"), list(all_at_once()))
def test_all_on_one_table(change, circumstance, tmp_path):
    able = [f for f in FEATURES if not f.apart and fits(f, change) and change.id not in f.reasons]
    able = [f for f in able if not (change.table and change.id in f.refused)]
    assert len(able) >= 30
    judge(Bench(tmp_path, shop([(feature, None) for feature in able]), circumstance), change)


def test_every_kind_of_change_is_made_beside_features_and_to_their_columns():
    assert {change.id for _f, change, _c in beside()} == {change.id for change in CHANGES}
    assert {c.id for _f, c, _c in itself()} == {c.id for c in INVOLVING} >= {DEFAULT.id, RELAX.id}
    assert not {ADD.id, FILL.id} & {c.id for c in INVOLVING}
