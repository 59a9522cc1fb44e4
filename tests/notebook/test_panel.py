"""The panel without a browser: what stands in it, what a click does, and what is shown to whom."""

import re
import time

import ipywidgets
import pytest

from sodaf_nb.errors import MigrationPendingError
from sodaf_nb.notebook.controls import Controls
from sodaf_nb.notebook.panel import open_panel
from sodaf_nb.notebook.plan_html import static_html
from sodaf_nb.options import SyncOptions
from sodaf_nb.session import PlanSession, State
from tests.acceptance.fixtures import tmp_path, world
from tests.acceptance.making import World, doctype, field
from tests.session.making import DROPPED, RENAMED, REQUIRED, RISKY, SAFE, UNIQUE, V1, seeded

__all__ = ["tmp_path", "world"]

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture
def thing(world):
    return seeded(world)


@pytest.fixture
def panel(thing):
    """Open a session with controls on the next version."""
    made = []

    def open_it(wanted, at=None, **options):
        session = PlanSession((at or thing).declare(wanted).applier, "Thing", SyncOptions(**options))
        session.plan_now()
        made.append(Controls(session, session.snapshot.dry_run))
        return session, made[-1]

    yield open_it
    for each in made:
        each.close()


def seen(widget):
    """Every widget that a person sees, in the order of the Tab key."""
    if widget.layout.display == "none":
        return []
    below = [w for child in getattr(widget, "children", ()) for w in seen(child)]
    return below or [widget]


def words(controls):
    """What a person reads in it, tags and styles aside."""
    texts = [w.value if isinstance(w, ipywidgets.HTML) else w.description for w in seen(controls.box)]
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", " ".join(texts), flags=re.DOTALL))


def buttons(controls):
    return [(b.description, b.disabled) for b in seen(controls.box) if isinstance(b, ipywidgets.Button)]


def test_a_safe_plan_has_one_button_that_says_what_it_does(panel):
    _session, controls = panel(SAFE)
    assert buttons(controls) == [
        ("Apply 1 change to shop.db", False),
        ("Plan again", False),
        ("Check for changes", False),
    ]
    assert controls.apply.button_style == "primary"
    assert "READY: Thing in" in words(controls)


def test_clicks_apply_a_plan_try_its_rollback_and_take_it_back(panel, thing):
    before = thing.state()
    session, controls = panel(SAFE)
    controls.apply.click()
    session.wait(30)
    assert "Thing: applied (#2)" in words(controls)
    assert ("Try rollback of #2 ...", False) in buttons(controls)
    controls.try_back.click()
    session.wait(30)
    assert ("Roll back #2 on shop.db", False) in buttons(controls)
    controls.back.click()
    session.wait(30)
    assert "ROLLED BACK" in words(controls)
    assert thing.state() == before


def test_a_loss_is_ticked_before_the_button_can_be_pressed(panel):
    session, controls = panel(RISKY)
    assert ("Apply 1 change to shop.db", True) in buttons(controls)
    (tick,) = controls.confirmation.ticks
    assert tick.description == "DS08 tabThing.qty (1 value)"
    tick.value = True
    assert session.snapshot.state is State.READY
    assert ("Apply 1 change to shop.db", False) in buttons(controls)
    assert controls.apply.button_style == "danger"
    tick.value = False
    assert ("Apply 1 change to shop.db", True) in buttons(controls)


def test_the_typed_name_does_the_same(panel):
    session, controls = panel(RISKY)
    controls.confirmation.name.value = "tabThing"
    assert session.snapshot.state is State.READY


def test_a_refused_plan_says_why_and_offers_nothing_to_confirm(panel):
    _session, controls = panel(UNIQUE)
    assert "MF01 cannot be accepted" in words(controls)
    assert ("Apply 1 change to shop.db", True) in buttons(controls)
    assert controls.confirmation.box not in seen(controls.box)


def test_a_question_is_answered_in_the_panel_and_the_new_plan_is_shown(panel, thing):
    session, controls = panel(RENAMED, removed_fields="drop")
    assert "QUESTION OPEN" in words(controls)
    rename = next(f for f in seen(controls.box) if f.description == "Is shade_code the former shade?")
    rename.value = "Yes, it is shade renamed"
    controls.answers.submit.click()
    session.wait(30)
    assert "renamed to shade_code" in words(controls)
    assert controls.filter.value == "all 1"
    controls.apply.click()
    session.wait(30)
    assert "shade_code" in thing.state().shapes("tabThing")


def test_an_empty_required_field_gets_its_value_in_the_panel(panel):
    session, controls = panel(REQUIRED)
    value = next(f for f in seen(controls.box) if f.description == "Value of size for rows without one:")
    value.value = "7"
    controls.answers.submit.click()
    session.wait(30)
    assert session.snapshot.answers.backfill == {"size": 7}
    assert ("Apply 1 change to shop.db", False) in buttons(controls)


def test_equal_values_and_too_little_room_are_answered_in_the_panel(panel, thing):
    thing.run("UPDATE tabThing SET shade = 'same', qty = 'same'")
    session, controls = panel(doctype(field("title"), field("shade", unique=1), field("qty", length=2)))
    shared = next(f for f in seen(controls.box) if f.description.startswith("Rows that share a value of shade"))
    narrow = next(f for f in seen(controls.box) if f.description.startswith("Less room in qty"))
    shared.value, narrow.value = "blank", True
    controls.answers.submit.click()
    session.wait(30)
    assert (session.snapshot.answers.dedupe, session.snapshot.answers.widen) == ({"shade": "blank"}, ("qty",))
    assert session.snapshot.dry_run.success
    assert {f.rule for f in session.snapshot.dry_run.findings} == {"MF12"}


def test_a_removed_field_is_kept_or_dropped_in_the_panel(panel):
    session, controls = panel(DROPPED)
    removed = next(f for f in seen(controls.box) if f.description == "No longer a field: shade")
    assert removed.value == "keep"
    removed.value = "drop"
    controls.answers.submit.click()
    session.wait(30)
    assert session.snapshot.missing == ("Tick DS03 tabThing.shade, or type tabThing.",)


def test_changes_can_be_narrowed_to_one_risk(panel):
    _session, controls = panel(doctype(field("title"), field("qty", "Int"), field("shade"), field("fresh")))
    assert controls.filter.options == ("as above", "all 2", "DATA LOSS", "safe")
    controls.filter.value = "DATA LOSS"
    assert "tabThing.qty" in controls.changes.value
    assert "tabThing.fresh" not in controls.changes.value


def test_a_click_that_comes_too_late_is_answered_in_the_panel(panel, thing):
    session, controls = panel(SAFE)
    thing.run('ALTER TABLE "tabThing" ADD COLUMN extra TEXT')
    controls.apply.click()
    while session.snapshot.state.busy:
        time.sleep(0.01)
    assert "STALE" in words(controls)
    assert "tabThing.extra is new" in words(controls)
    session._start = None  # whatever is wrong with a click, it ends here
    controls.again.click()
    assert "TypeError" in words(controls)


def test_production_is_said_in_words_and_wants_the_name(panel, thing):
    at = World(thing.folder, environment="prod")
    _session, controls = panel(SAFE, at)
    assert "PRODUCTION" in words(controls)
    assert ("Apply 1 change to PRODUCTION shop.db", True) in buttons(controls)
    at.close()


def test_everything_about_the_plan_is_there(panel):
    _session, controls = panel(RISKY)
    text = words(controls)
    for part in (
        "Backup first",
        "Backups go to",
        "GB free",
        "not encrypted",
        "Columns now and as wanted",
        "rules passed",
    ):
        assert part in text
    for part in ("SQL of the apply", "SQL of the rollback", "History of this DocType", "Markdown for a pull request"):
        assert part in text
    assert "Check for changes" in text
    assert "SQLite 3" in text


def test_a_hostile_row_and_name_are_inert_everywhere(panel, world):
    world.run(
        """UPDATE "tabThing" SET qty = '"""
        + HOSTILE.replace("'", "''")
        + "', name = '"
        + HOSTILE
        + "' WHERE qty = 'two'"
    )
    session, controls = panel(RISKY)
    pages = [w.value for w in seen(controls.box) if isinstance(w, ipywidgets.HTML)]
    pages += [static_html(session.snapshot, HOSTILE), session._repr_html_()]
    assert any("&lt;script&gt;" in page for page in pages)
    assert [page for page in pages if "<script" in page or "<img" in page] == []


def test_the_static_part_reads_without_controls_and_says_how_to_get_them(thing):
    panel = open_panel(thing.declare(RISKY).applier, "Thing")
    for shown in (repr(panel), panel._repr_html_()):
        for part in ("Thing in shop.db, dev", "1 DATA LOSS", "DS08", "Backup first", "Rehearsed", "applier.panel"):
            assert part in shown
    assert "<script" not in panel._repr_html_()
    with pytest.raises(MigrationPendingError):
        panel.require_applied()


def test_it_is_the_same_in_every_run(thing, tmp_path):
    def shown():
        panel = open_panel(thing.declare(RISKY).applier, "Thing")
        return repr(panel), panel._repr_html_()

    assert shown() == shown()


def test_an_empty_panel_says_that_nothing_differs(panel):
    _session, controls = panel(V1)
    assert "NOTHING TO DO" in words(controls)
    assert [text for text, _off in buttons(controls)] == ["Try rollback of #1 ...", "Plan again"]


# ---------------------------------------------------------------- in a shell


def test_nothing_of_it_is_loaded_before_a_panel_is_shown(bare_shell):
    script = "import sys; sys.modules.pop('ipywidgets', None)\n%load_ext sodaf_nb\n'ipywidgets' in sys.modules"
    assert bare_shell.run_cell(script).result is False


def test_the_command_returns_the_session(library):
    library("%migrate doctypes load library/v2")
    session = library("panel = %migrate panel Book\npanel")
    assert isinstance(session, PlanSession)
    assert session.snapshot.state is State.BLOCKED
    with pytest.raises(MigrationPendingError, match="look at %migrate history"):
        library("panel.require_applied()")
