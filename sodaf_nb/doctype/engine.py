"""The set of DocTypes that an application declares."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock

from sodaf_nb.doctype import relations, tables
from sodaf_nb.doctype.files import find_files, is_doctype, is_in_place, is_other_kind, read_file
from sodaf_nb.doctype.notes import listed, missing_targets, notes
from sodaf_nb.doctype.parse import read_doctype, read_source
from sodaf_nb.doctype.problems import Problems, did_you_mean, shown
from sodaf_nb.doctype.values import DocType
from sodaf_nb.errors import DocTypeNotFoundError, Hint, InvalidDocTypeError, Problem, Step
from sodaf_nb.schema import Table


class DocTypeEngine:
    """Reads DocTypes and says which tables they want; safe to use from several threads.

    Args:
        reqd_not_null: True when Frappe's `reqd` makes NOT NULL; by default only `required` and `not_nullable` do.
    """

    def __init__(self, *, reqd_not_null: bool = False) -> None:
        self._reqd_not_null = reqd_not_null
        self._doctypes: dict[str, DocType] = {}
        self._lock = RLock()

    def load(self, path: str | os.PathLike[str]) -> tuple[DocType, ...]:
        """Load one DocType file, or every one below a folder, all or none.

        In a folder, JSON objects of another kind (reports, pages ...) and hidden folders are passed over. In one of
        an application, with its DocTypes at `doctype/customer/customer.json`, so is all other JSON that does not say
        it is a DocType: fixtures, translations, settings of other programs.

        Raises:
            DocTypeNotFoundError: If there is no such file or folder, or no DocType in it.
            InvalidDocTypeError: With the problems of all files.
        """
        root = Path(path)
        problems: list[Problem] = []
        read: list[tuple[str, DocType]] = []
        files = list(find_files(root))
        in_application = any(is_in_place(file) for _name, file in files)
        for shown_name, file in files:
            prefix = f"{shown(shown_name)[1:-1]}:"
            found = Problems(prefix)
            data = read_file(file, found)
            stray = in_application and not is_in_place(file) and not is_doctype(data)
            if not (root.is_dir() and (stray or is_other_kind(data))):
                doctype = read_doctype(data, found)
                read += [(prefix, replace(doctype, file=file.as_posix()))] if doctype else []
                problems += found.listed()
        if not read and not problems:
            raise DocTypeNotFoundError(
                f"There is no DocType in {str(path)!r}.",
                hint='a DocType is a .json file that says "doctype": "DocType"',
            )
        with self._lock:
            problems += _twice(read)
            self._add(root.name or str(root), read, problems)
        return tuple(doctype for _, doctype in read)

    def register(self, source: Mapping[str, object] | str) -> DocType:
        """Add one DocType from a mapping or a JSON text; an earlier one of the same name is replaced.

        Raises:
            InvalidDocTypeError: With all problems; nothing is added then.
        """
        problems = Problems()
        doctype = read_doctype(read_source(source, problems), problems)
        if doctype is None or problems:
            raise problems.error(doctype.name if doctype else "")
        with self._lock:
            self._add(doctype.name, [("", doctype)], [])
        return doctype

    def _add(self, source: str, read: list[tuple[str, DocType]], problems: list[Problem]) -> None:
        """Add all or, when there are problems, none; the lock is held."""
        problems = problems or list(_look_alikes(read, self._doctypes))
        if problems:
            raise InvalidDocTypeError(source, problems)
        self._doctypes.update({doctype.name: doctype for _, doctype in read})

    def get(self, name: str) -> DocType:
        """Return the DocType of that name.

        Raises:
            DocTypeNotFoundError: If none is loaded, with the nearest name as hint.
        """
        loaded = self._snapshot()
        if name in loaded:
            return loaded[name]
        hint: Hint = did_you_mean(name, loaded) or ("load its JSON first: ", Step("load"))
        raise DocTypeNotFoundError(f"No DocType {shown(name)} is loaded.", hint=hint)

    def unregister(self, name: str) -> DocType:
        """Forget a DocType and return it; its table is not touched.

        Raises:
            DocTypeNotFoundError: If none of that name is loaded.
        """
        with self._lock:
            doctype = self.get(name)
            del self._doctypes[name]
        return doctype

    def names(self) -> tuple[str, ...]:
        """Return the names of the loaded DocTypes, sorted."""
        return tuple(sorted(self._snapshot()))

    def notes(self, *names: str) -> tuple[str, ...]:
        """Return what is worth a look in the loaded DocTypes, a sentence each; no name means all.

        An attribute that looks like a slip of the pen, what `reqd` does not do, and links to what is not loaded.

        Raises:
            DocTypeNotFoundError: If one of the names is not loaded.
        """
        loaded = self._snapshot()
        doctypes = [self.get(name) for name in names or sorted(loaded)]
        own = (note for d in doctypes for note in notes(d, reqd_not_null=self._reqd_not_null))
        missing = sorted({name for d in doctypes for name in missing_targets(d, loaded)})
        linked = (f"Not loaded, but named by Link or Table fields: {listed(missing)}",) if missing else ()
        return (*own, *linked)

    def missing_targets(self, name: str) -> tuple[str, ...]:
        """Return the DocTypes that its Link and Table fields name and that are not loaded, sorted.

        Raises:
            DocTypeNotFoundError: If none of that name is loaded.
        """
        return missing_targets(self.get(name), self._snapshot())

    def wanted_table(self, name: str) -> Table | None:
        """Return the table a DocType asks for; None for single and virtual DocTypes.

        Raises:
            DocTypeNotFoundError: If none of that name is loaded.
        """
        return tables.wanted_table(self.get(name), reqd_not_null=self._reqd_not_null)

    def dependency_order(self) -> tuple[str, ...]:
        """Return all names, Link and Table targets first; cycles and missing targets are tolerated."""
        return relations.dependency_order(self._snapshot())

    def references_to(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the (table, column) pairs of loaded DocTypes whose rows may hold this DocType's name.

        Raises:
            DocTypeNotFoundError: If none of that name is loaded.
        """
        return relations.references_to(self.get(name), self._snapshot())

    def _snapshot(self) -> dict[str, DocType]:
        with self._lock:
            return dict(self._doctypes)

    def __contains__(self, name: object) -> bool:
        return name in self._snapshot()

    def __iter__(self) -> Iterator[DocType]:
        """Yield the loaded DocTypes by name."""
        loaded = self._snapshot()
        return (loaded[name] for name in sorted(loaded))

    def __len__(self) -> int:
        return len(self._snapshot())


def _twice(read: Iterable[tuple[str, DocType]]) -> list[Problem]:
    """Return a problem for each file whose DocType another file of the same load declares as well."""
    named = [(prefix, doctype.name) for prefix, doctype in read if doctype.name]
    count = Counter(name for _, name in named)
    doubled = [(prefix, name) for prefix, name in named if count[name] > 1]
    return [Problem(f"{prefix}$.name", f"{shown(name)} is in {count[name]} files") for prefix, name in doubled]


def _look_alikes(read: Iterable[tuple[str, DocType]], loaded: Mapping[str, DocType]) -> Iterator[Problem]:
    """Yield a problem for each DocType whose name differs from another one only in case: SQLite has one table."""
    by_fold = {name.casefold(): name for name in loaded}
    for prefix, doctype in read:
        other = by_fold.setdefault(doctype.name.casefold(), doctype.name)
        if other != doctype.name:
            message = f"{doctype.name!r} and {other!r} would share one table, case is ignored"
            yield Problem(f"{prefix}$.name", message)
