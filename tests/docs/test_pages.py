"""Every example of the guides runs and shows what the page says."""

import re
import subprocess
import sys

import pytest

from sodaf_nb import errors
from tests.docs.pages import DOCS, RUN, examples, pages


def title(page):
    return page.stem


@pytest.mark.parametrize("page", [page for page in pages() if examples(page.read_text())], ids=title)
def test_the_examples_of_a_page_run_and_show_what_it_says(page, reader):
    for example in examples(page.read_text()):
        shown = reader.show(example)
        if example.shown is not None:
            assert shown == example.shown, f"{page.name}:{example.line}; to record anew: make docs-record"


@pytest.mark.parametrize("page", pages(), ids=title)
def test_an_example_that_does_not_run_says_why(page):
    text = page.read_text()
    fenced = len(re.findall(rf"^```({'|'.join(RUN)})$", text, re.MULTILINE))
    excused = len(re.findall(r"^<!-- not run: .+ -->$", text, re.MULTILINE))

    assert fenced == len(examples(text)) + excused


@pytest.mark.parametrize("page", pages(), ids=title)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def all_errors(kind=errors.SodafError):
    for below in kind.__subclasses__():
        yield below
        yield from all_errors(below)


@pytest.mark.parametrize("kind", list(all_errors()), ids=lambda kind: kind.code)
def test_every_error_code_has_its_section_in_troubleshooting(kind):
    if kind.__module__ != errors.__name__:
        return  # made by a test
    page = (DOCS / "troubleshooting.md").read_text()

    assert f"\n## {kind.code}\n" in page
    assert kind.__name__ in page


def test_the_table_of_error_codes_is_that_of_the_code():
    rows = re.findall(
        r"^\| ([A-Z_]+) \| (\w+) \| .+ \| .+ \|$", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE
    )
    ours = [kind for kind in all_errors() if kind.__module__ == errors.__name__]

    assert sorted(rows) == sorted((kind.code, kind.kind) for kind in ours)
    assert len({kind.code for kind in ours}) == len(ours)
    assert {kind.kind for kind in ours} <= set(errors.ADVICE)


def test_the_api_page_names_every_public_name():
    import sodaf_nb

    named = re.findall(r"^\.\. auto(?:class|function):: sodaf_nb\.(\w+)$", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert sorted(named) == sorted(name for name in sodaf_nb.__all__ if not name.endswith("ipython_extension"))


def test_the_command_line_page_has_the_exit_codes_of_the_program():
    from sodaf_nb.cli.exits import MEANINGS

    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (DOCS / "command-line.md").read_text(), re.MULTILINE)

    assert {int(code): meaning.replace("`", "") for code, meaning in rows} == dict(MEANINGS)


@pytest.mark.timeout(300)
def test_the_site_builds_without_a_warning_and_asks_nobody_for_anything(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "-b", "html", str(DOCS), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)

    for page in tmp_path.glob("*.html"):
        loaded = re.findall(r"""<(?:script|img|iframe)[^>]+src=["'](\w+:[^"']+)""", page.read_text())
        loaded += re.findall(r"""<link[^>]+rel="(?:stylesheet|preload)[^>]+href=["'](\w+:[^"']+)""", page.read_text())
        assert loaded == []


def test_the_recipes_for_pipelines_are_well_formed_and_run_commands_that_exist():
    import yaml

    from sodaf_nb.cli.arguments import divided
    from sodaf_nb.commands import Context
    from sodaf_nb.commands.runner import parsed

    page = (DOCS / "continuous-integration.md").read_text()
    recipes = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for recipe in recipes:
        yaml.safe_load(recipe)
    lines = re.findall(r"(?:run:|-) (sodaf-nb .*?)(?: #.*)?$", "\n".join(recipes), re.MULTILINE)

    assert len(lines) == 4
    for line in lines:
        _shared, words = divided(line.split()[1:])
        parsed(Context(program="sodaf-nb"), words)
