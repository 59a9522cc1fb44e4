"""`%migrate` in a real IPython shell."""

import pytest

from sodaf_nb.commands import Help
from sodaf_nb.errors import BlockedMigrationError, DocTypeNotFoundError, MigrationCancelledError, UsageError
from sodaf_nb.notebook.magics import SodafMagics


def magics_of(shell):
    return shell.magics_manager.registry["SodafMagics"]


def test_a_line_returns_its_value_so_it_can_be_assigned(run, shell):
    run("value = %migrate help")
    assert isinstance(shell.user_ns["value"], Help)


def test_an_error_is_a_real_exception_shown_in_one_line(shell, capsys):
    result = shell.run_cell("%migrate dif Book")
    assert type(result.error_in_exec) is UsageError
    assert capsys.readouterr().out == (
        "UsageError [USAGE]: There is no command named 'dif'. Hint: did you mean diff?\n"
    )


def test_findings_are_shown_on_lines_of_their_own_without_a_traceback(library, shell, capsys):
    library("%migrate doctypes load library/v2")
    capsys.readouterr()
    shell.run_cell("%migrate apply Book --drop-removed")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "BlockedMigrationError [BLOCKED]: The migration of 'Book' was stopped before any write:"
    assert [line[:7] for line in lines[1:4]] == ["  DS03:", "  DS08:", "  MF01:"]
    assert lines[4].endswith("or take it on with --accept DS03,DS08; MF01 cannot be accepted")
    assert len(lines) == 5


def test_no_error_is_ipythons_usage_error_which_nbval_takes_for_success(shell):
    from IPython.core.error import UsageError as Silent

    for line in ("%migrate nope", "%migrate diff", "%migrate diff --nope", "%migrate 'open", "%%migrate diff\nbody"):
        error = shell.run_cell(line).error_in_exec
        assert error is not None
        assert not isinstance(error, Silent)


def test_braces_and_dollars_are_left_alone(run, shell):
    shell.user_ns["name"] = "Book"
    for line in ("%migrate help {name}", "%migrate help $name"):
        with pytest.raises(UsageError, match=r"'(\{name\}|\$name)'"):
            run(line)


def test_a_cell_registers_the_doctype_of_its_body(run):
    value = run(
        '%%migrate doctype\n{"doctype": "DocType", "name": "Shelf $x {y}", "fields": []}'.replace(" $x {y}", "")
    )
    assert value.to_rows() == [{"doctype": "Shelf", "kind": "table", "fields": 0}]
    assert run("%migrate doctypes").to_rows() == value.to_rows()


def test_a_cell_without_a_body_says_where_the_json_goes(run):
    with pytest.raises(UsageError, match=r"write %%migrate doctype and the JSON below"):
        run("%migrate doctype")


def test_a_trailing_comment_is_no_argument(run):
    assert isinstance(run("%migrate help  # what is there?"), Help)


def test_the_docstring_lists_every_command(shell):
    from sodaf_nb.commands import commands

    text = shell.find_line_magic("migrate").__doc__
    assert all(f"  {name} " in text for name in commands())
    assert shell.find_cell_magic("migrate").__doc__ == text


def test_options_are_listed_and_set_by_config(run, shell, capsys):
    run("%config SodafMagics")
    listed = capsys.readouterr().out
    assert "SodafMagics.progress" in listed
    assert "SodafMagics.backup_dir" in listed
    run("%config SodafMagics.backup_dir = 'elsewhere'")
    run("%migrate help")
    assert magics_of(shell).context.options.backup_dir == "elsewhere"


def test_a_database_in_a_variable_can_be_connected(run, shell):
    from sodaf_nb.database import Database

    shell.user_ns["db"] = Database("sqlite://")
    connection = run("%migrate connect db --as mine")
    assert connection.database is shell.user_ns["db"]
    run("%migrate connect --close mine")
    with shell.user_ns["db"].read() as session:  # not ours, so still open
        assert session.value("SELECT 1") == 1
    shell.user_ns["db"].close()


def test_a_whole_migration_and_back(library, shell):
    library("%migrate doctypes load library/v2")
    assert {r["doctype"]: r["pending"] for r in library("%migrate status").to_rows()}["Loan"] == "2 changes"
    library("result = %migrate apply Loan")
    assert shell.user_ns["result"].outcome == "applied"
    library("%migrate rollback --last Loan")
    assert {r["doctype"]: r["pending"] for r in library("%migrate status").to_rows()}["Loan"] == "2 changes"


def test_a_blocked_apply_stops_the_cell(library):
    library("%migrate doctypes load library/v2")
    with pytest.raises(BlockedMigrationError, match="DS08"):
        library("%migrate apply Book")


def test_an_interrupt_takes_the_work_back_and_says_so(library, shell, monkeypatch):
    class Impatient:
        def write(self, text):
            raise KeyboardInterrupt

        def clear(self):
            pass

    library("%migrate doctypes load library/v2")
    before = library("%migrate diff Loan").to_rows()
    monkeypatch.setattr(magics_of(shell)._progress, "_screen_for", lambda _mode: Impatient())
    with pytest.raises(MigrationCancelledError):
        library("%migrate apply Loan")
    monkeypatch.undo()
    assert library("%migrate diff Loan").to_rows() == before


def test_progress_as_text_names_every_step(library, capsys):
    library("%config SodafMagics.progress = 'text'")
    library("%migrate doctypes load library/v2")
    capsys.readouterr()
    library("_ = %migrate apply Loan")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("[") for line in lines)


def test_an_unknown_doctype_comes_with_the_nearest_name(library):
    with pytest.raises(DocTypeNotFoundError, match="Book"):
        library("%migrate diff Bok")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%migrate dry", ["dry-run"]),
        ("%migrate doctypes l", ["load"]),
        ("%migrate diff Bo", ["Book", "Book Copy"]),
        ("%migrate diff Book ", ["Copy"]),
        ("%migrate apply Book --ren", ["--rename", "--renamed-from"]),
        ("%migrate backup ver", ["verify"]),
        ("%migrate connect lib", ["library.db"]),
        ("%migrate rollback --last Mem", ["Member"]),
        ("x = %migrate dry", ["dry-run"]),
        ("%%migrate doctype", ["doctype", "doctypes"]),
        ("%migrate diff ", ["Author", "Book", "Book Copy"]),
        ("migrate_it = %migrate doctypes l", ["load"]),
    ],
)
def test_tab_offers_commands_options_and_names(loaded, offered, text, expected):
    assert offered(text)[: len(expected)] == expected


def test_python_keywords_and_functions_stay_out_of_the_list(loaded, offered):
    assert offered("%migrate diff I") == []
    assert offered("%migrate ")[0] == "apply"


def test_where_a_path_stands_files_are_offered(loaded, offered):
    assert "library" in [word.rstrip("/") for word in offered("%migrate doctypes load lib")]


def test_the_class_says_what_its_options_are_for():
    assert all(trait.help for trait in SodafMagics.class_own_traits(config=True).values())
