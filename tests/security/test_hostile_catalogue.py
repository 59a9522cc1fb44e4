"""The catalogue of hostile input, S1 to S40: what comes in, and the tests that show what becomes of it."""

import ast
from functools import cache

import pytest

from tests.quality.project import PACKAGE, ROOT, modules, tree

DOCTYPE, DAMAGE, STORE = "tests/doctype/test_hostile.py", "tests/backup/test_damage.py", "tests/backup/test_store.py"
TABULAR, SECRETS = "tests/test_tabular.py", "tests/security/test_secrets.py"
CATALOGUE = {
    "S1": ("a statement in a fieldname", f"{DOCTYPE}::test_s01_statement_in_fieldname"),
    "S2": ("quotes in a fieldname", f"{DOCTYPE}::test_s02_quote_in_fieldname"),
    "S3": ("punctuation in a fieldname", f"{DOCTYPE}::test_s03_punctuation_in_fieldname"),
    "S4": ("blanks and line ends in a fieldname", f"{DOCTYPE}::test_s04_space_or_control_character_in_fieldname"),
    "S5": ("NUL in a fieldname", f"{DOCTYPE}::test_s05_nul_in_fieldname"),
    "S6": ("an empty fieldname", f"{DOCTYPE}::test_s06_empty_fieldname"),
    "S7": ("letters that look alike", f"{DOCTYPE}::test_s07_non_ascii_fieldname_is_shown_as_code_points"),
    "S8": ("emoji and 300 letters", f"{DOCTYPE}::test_s08_emoji_or_too_long_fieldname"),
    "S9": (
        "placeholders of drivers",
        f"{DOCTYPE}::test_s09_placeholder_in_fieldname",
        "tests/database/test_traps.py::test_t08_a_colon_in_ddl_is_text",
    ),
    "S10": ("names that differ in case", f"{DOCTYPE}::test_s10_fieldnames_that_differ_only_in_case"),
    "S11": ("names of the row number", f"{DOCTYPE}::test_s11_names_of_the_row_number"),
    "S12": (
        "keywords, columns of the framework and prefixes of engines",
        f"{DOCTYPE}::test_s12_keywords_are_fieldnames",
        f"{DOCTYPE}::test_s12_framework_columns_are_reserved",
        f"{DOCTYPE}::test_s12_engine_prefixes_are_reserved",
    ),
    "S13": ("a statement in a DocType's name", f"{DOCTYPE}::test_s13_hostile_doctype_name"),
    "S14": ("a default without quotes", f"{DOCTYPE}::test_s14_text_default_is_a_literal"),
    "S15": ("a statement in a default", f"{DOCTYPE}::test_s15_to_s19_expression_on_a_text_is_a_literal_and_no_sql"),
    "S16": ("a query as a default", f"{DOCTYPE}::test_s16_to_s19_expression_on_a_number_is_refused"),
    "S17": ("a default that loads code", f"{DOCTYPE}::test_s15_to_s19_expression_on_a_text_is_a_literal_and_no_sql"),
    "S18": ("a default that fills memory", f"{DOCTYPE}::test_s16_to_s19_expression_on_a_number_is_refused"),
    "S19": ("a default that reads files", f"{DOCTYPE}::test_s16_to_s19_expression_on_a_date_makes_no_default"),
    "S20": (
        "paths as names and ids",
        f"{DOCTYPE}::test_s20_path_as_doctype_name",
        f"{DAMAGE}::test_what_is_no_id_never_becomes_a_path",
        f"{STORE}::test_id_that_is_no_id_is_refused",
    ),
    "S21": (
        "SQL of a person that attaches, writes files or switches safety off",
        "tests/commands/test_exploring.py::test_a_condition_that_is_more_than_an_expression_is_refused_and_changes_nothing",
        "tests/execution/test_patch.py::test_a_statement_that_is_no_change_of_its_own_rows_is_refused",
    ),
    "S22": (
        "SQL of a person that ends the transaction or chains statements",
        "tests/commands/test_exploring.py::test_a_condition_that_is_more_than_an_expression_is_refused_and_changes_nothing",
        "tests/execution/test_patch.py::test_a_statement_that_is_no_change_of_its_own_rows_is_refused",
    ),
    "S23": ("code in a backup", "tests/quality/test_code.py::test_nothing_runs_stored_data"),
    "S24": (
        "a small file that unpacks to a large one",
        f"{DAMAGE}::test_bomb_stops_at_the_first_byte_too_many",
        f"{DAMAGE}::test_frame_that_asks_for_much_memory_is_refused",
    ),
    "S25": (
        "names of members of an archive",
        f"{DAMAGE}::test_missing_and_added_files_are_noticed",
        "tests/security/test_hostile_catalogue.py::test_s25_nothing_unpacks_an_archive_with_paths_in_it",
    ),
    "S26": (
        "flipped, cut, swapped and renamed backups",
        f"{DAMAGE}::test_every_flipped_byte_of_the_manifest_is_noticed",
        f"{DAMAGE}::test_every_flipped_byte_of_the_data_is_noticed",
        f"{DAMAGE}::test_truncation_is_noticed",
        f"{DAMAGE}::test_data_swapped_between_two_backups_is_noticed",
        f"{DAMAGE}::test_renamed_backup_is_noticed",
    ),
    "S27": (
        "planted links",
        f"{DAMAGE}::test_linked_folder_and_linked_files_are_not_followed",
        f"{STORE}::test_planted_link_is_not_followed",
        f"{STORE}::test_directory_that_others_can_write_to_is_refused",
    ),
    "S28": (
        "a umask that lets everybody read",
        f"{STORE}::test_folder_is_0700_and_files_are_0600_whatever_the_umask",
        f"{DAMAGE}::test_what_others_can_write_is_not_read",
    ),
    "S29": ("a password in an address", f"{SECRETS}::test_the_password_of_an_address_comes_out_nowhere"),
    "S30": ("rows in errors", "tests/database/test_traps.py::test_t09_row_data_is_in_no_error"),
    "S31": ("markup in a cell", f"{TABULAR}::test_nothing_put_into_html_is_html"),
    "S32": (
        "markup in a header",
        f"{TABULAR}::test_any_text_adds_no_tag",
        "tests/security/test_hostile_catalogue.py::test_s32_nothing_styles_a_frame_past_the_escaping",
    ),
    "S33": ("markup in a control", "tests/notebook/test_panel.py::test_a_hostile_row_and_name_are_inert_everywhere"),
    "S34": (
        "outputs that run when a notebook is opened",
        "tests/security/test_hostile_catalogue.py::test_s34_nothing_shows_a_script",
        "tests/quality/test_runbooks.py::test_no_output_holds",
    ),
    "S35": (
        "formulas in a table for a spreadsheet",
        "tests/security/test_hostile_catalogue.py::test_s35_nothing_is_written_for_a_spreadsheet",
    ),
    "S36": (
        "huge, deep and doubled JSON",
        f"{DOCTYPE}::test_s36_too_many_fields",
        f"{DOCTYPE}::test_s36_depth_100_000_does_not_exhaust_the_stack",
        f"{DOCTYPE}::test_s36_more_than_a_megabyte",
        f"{DOCTYPE}::test_s36_duplicate_keys",
        f"{DOCTYPE}::test_s36_numbers_that_are_none",
    ),
    "S37": (
        "links in a circle and to nowhere",
        f"{DOCTYPE}::test_s37_link_to_itself_cycle_and_missing_target",
        f"{DOCTYPE}::test_s37_hostile_target",
    ),
    "S38": (
        "what steers a terminal",
        f"{DOCTYPE}::test_s38_control_characters_reach_no_message",
        f"{TABULAR}::test_what_would_steer_a_terminal_is_written_out",
    ),
    "S39": (
        "a plan that is changed between review and apply",
        "tests/plan/test_files.py::test_a_file_that_was_not_saved_like_this_is_refused",
        "tests/plan/test_files.py::test_a_file_whose_hash_is_right_must_still_hold_the_plan_it_names",
        "tests/execution/test_guard.py::test_a_plan_waits_for_somebody_else_who_approved_exactly_that_plan",
    ),
    "S40": (
        "a password in a line",
        f"{SECRETS}::test_a_password_in_a_line_or_in_the_file_of_the_project_is_refused_and_not_repeated",
    ),
}


def test_every_entry_is_there():
    assert list(CATALOGUE) == [f"S{number}" for number in range(1, 41)]


@pytest.mark.parametrize("entry", CATALOGUE)
def test_an_entry_has_the_tests_it_names(entry):
    _what, *tests = CATALOGUE[entry]
    assert tests
    for path, name in (test.split("::") for test in tests):
        assert name in {node.name for node in tree(ROOT / path).body if isinstance(node, ast.FunctionDef)}, (
            f"{path} has no {name}"
        )


@cache
def mentioned(path):
    """Return the names that a module imports, calls or asks an object for."""
    found = []
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import():
                found += [alias.name for alias in node.names]
            case ast.ImportFrom():
                found.append(node.module or "")
            case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
                found.append(name)
    return tuple(found)


def used(*names):
    """Return where the package imports or calls one of those, such as `csv` or `to_excel`."""
    return [f"{path.name}: {n}" for path in modules() for n in mentioned(path) if n.partition(".")[0] in names]


def test_s25_nothing_unpacks_an_archive_with_paths_in_it():
    assert used("zipfile", "tarfile", "shutil.unpack_archive", "unpack_archive", "extractall") == []


def test_s32_nothing_styles_a_frame_past_the_escaping():
    assert used("style", "Styler", "to_html") == []


def test_s34_nothing_shows_a_script():
    shown = "application/javascript", "<script", "onclick=", "javascript:"
    assert used("Javascript", "display_javascript") == []
    files = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".html", ".css", ".json"}]
    found = [f"{p.name}: {s}" for p in files for s in shown if s in p.read_text(encoding="utf-8").lower()]
    assert found == ["report.py: <script"], "which is what a report refuses to hold"


def test_s35_nothing_is_written_for_a_spreadsheet():
    assert used("csv", "to_csv", "to_excel", "openpyxl", "xlsxwriter") == []
