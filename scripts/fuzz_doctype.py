"""Feeds the DocType parser with what coverage-guided fuzzing comes up with, until it breaks.

Needs atheris, which `make fuzz` installs beside the environment. Fails when an input breaks the parser, which is then
in the folder given, and when the coverage did not grow, for then nothing was tried.

    python scripts/fuzz_doctype.py SECONDS FOLDER
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SEEDS = (
    '{"name": "Book", "fields": [{"fieldname": "title", "fieldtype": "Data", "length": 20, "unique": 1}]}',
    '{"doctype": "DocType", "name": "B", "istable": 1, "fields": [{"fieldname": "n", "fieldtype": "Int"}]}',
    '{"name": "Book", "autoname": "autoincrement", "is_tree": 1, "fields": [], "indexes": [{"columns": ["idx"]}]}',
    '{"name": "Book", "renamed_from": "Tome", "fields": [{"fieldname": "b", "fieldtype": "Link", "options": "Book"}]}',
)
WORDS = (
    *("name", "fields", "fieldname", "fieldtype", "options", "default", "length", "precision", "unique", "reqd"),
    *("required", "istable", "issingle", "is_tree", "autoname", "indexes", "columns", "where", "renamed_from"),
    *("Data", "Int", "Link", "Table", "Select", "Check", "Currency", "Today", "__user", "1e999", "NaN", "null"),
)


def main(seconds: int, folder: Path) -> int:
    """Run the fuzzer in a process of its own and judge what it says."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed{number}").write_text(seed)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    options = [f"-max_total_time={seconds}", f"-dict={words}", f"-artifact_prefix={folder}/", "-max_len=4096"]
    done = subprocess.run(  # noqa: S603  this very file
        [sys.executable, __file__, "--one", *options, str(corpus)], stderr=subprocess.PIPE, text=True, check=False
    )
    covered = [int(count) for count in re.findall(r"cov: (\d+)", done.stderr)]
    grew = bool(covered) and covered[-1] > covered[0]
    runs = re.findall(r"Done (\d+) runs", done.stderr)
    if done.returncode or not grew:
        print(done.stderr[-4000:], file=sys.stderr)
        print(f"FAILED: {'an input broke the parser' if done.returncode else 'coverage did not grow'}", file=sys.stderr)
        return 1
    print(f"fuzz: {runs[-1]} inputs in {seconds} s, coverage {covered[0]} -> {covered[-1]}, nothing broke the parser")
    return 0


def fuzz() -> None:
    """Feed the parser until the time is up; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  no part of the environment

    with atheris.instrument_imports(include=["sodaf_nb"]):
        from sodaf_nb.doctype import DocTypeEngine  # noqa: PLC0415  instrumented
        from sodaf_nb.errors import InvalidDocTypeError  # noqa: PLC0415  instrumented

    def one(data: bytes) -> None:
        engine = DocTypeEngine()
        try:
            doctype = engine.register(data.decode("utf-8", "surrogateescape"))
        except InvalidDocTypeError as error:
            if not str(error).isprintable():
                raise AssertionError("a message steers a terminal") from error
        else:
            engine.wanted_table(doctype.name)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        fuzz()
    else:
        sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
