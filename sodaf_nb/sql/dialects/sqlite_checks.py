"""CHECK constraints of a live table, asked about values its columns do not have yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.sql.dialects.sqlite_ddl import parse_create_table
from sodaf_nb.sql.dialects.sqlite_tokens import Token, tokens


def broken_checks(sql: str, values: Mapping[str, str], column: str) -> str:
    """Return SQL that is true for rows that would break a CHECK naming a column; empty when none names it.

    A CHECK passes on NULL, so it is broken where it is false and nowhere else. A value that is put in for a
    column has not its affinity: a comparison with a number written as a text may be judged otherwise.

    Args:
        sql: The table's text.
        values: {column, lower case: SQL of what it will hold}.
        column: The column whose constraints are asked about.
    """
    try:
        parts = parse_create_table(sql).parts
    except UnsupportedChangeError:
        return ""
    bodies = [body for part in parts for body in _bodies(tokens(part.text))]
    about = [body for body in bodies if any(_names(token, column) for token in body)]
    return " OR ".join(f"NOT ({''.join(_put_in(body, values))})" for body in about)


def check_texts(sql: str) -> tuple[str, ...]:
    """Return the text of each CHECK, in one line; the grammar of a CREATE TABLE is the same for both engines here."""
    return tuple(" ".join("".join(token.text for token in body).split()) for body in _bodies(tokens(sql)))


def collation(definition: str) -> str | None:
    """Return the collation that a column's text declares; None for the engine's own."""
    words = [token for token in tokens(definition) if token.kind not in ("space", "comment")]
    places = [n for n, token in enumerate(words[:-1]) if token.key == "COLLATE"]
    return words[places[-1] + 1].name or None if places else None


def _bodies(found: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield what stands between the parentheses of each CHECK."""
    place = 0
    while place < len(found):
        if found[place].key == "CHECK":
            body = _group(found[place + 1 :])
            yield body
            place += len(body)
        place += 1


def _group(rest: Sequence[Token]) -> list[Token]:
    depth, body = 0, []
    for token in rest:
        depth -= token.key == ")"
        if depth > 0:
            body.append(token)
        elif token.key == ")":
            break
        depth += token.key == "("
    return body


def _names(token: Token, column: str) -> bool:
    return token.kind in ("word", "quoted") and token.name.lower() == column.lower()


def _put_in(body: Sequence[Token], values: Mapping[str, str]) -> Iterator[str]:
    for token in body:
        value = values.get(token.name.lower()) if token.kind in ("word", "quoted") else None
        # A comment that ends with its line would swallow what follows it on one line.
        yield " " if token.kind == "comment" else token.text if value is None else f"({value})"
