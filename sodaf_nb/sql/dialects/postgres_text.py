"""PostgreSQL text without its meaning: where a statement ends, which name is in which schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# Longest first: what is inside a literal, a quoted name or a comment is never looked at.
_TOKEN = re.compile(
    r"""
    (?P<string>   [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
  | (?P<dollar>   \$(?P<tag>[A-Za-z_]\w*|)\$ .*? \$(?P=tag)\$ )
  | (?P<name>     "(?:[^"]|"")+" )
  | (?P<comment>  --[^\n]* | /\*.*?\*/ )
  | (?P<space>    \s+ )
  | (?P<word>     [^\W\d]\w*\$?\w* )
  | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of each piece; joined they are the text again."""
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        yield kind, match[0]


def split(text: str, separator: str) -> list[str]:
    """Return the parts between separators that stand outside of literals and parentheses, empty ones left out."""
    parts, depth = [""], 0
    for kind, piece in tokens(text):
        depth += (piece in "([") - (piece in ")]") if kind == "other" else 0
        if kind == "other" and piece == separator and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def redirected(statement: str, old: str, place: Callable[[str], str]) -> str:
    """Return a statement with names of one schema placed in others.

    Args:
        statement: A statement whose qualified names are quoted, as we write them.
        old: The schema's name.
        place: Given a name in that schema, unquoted, returns the quoted schema it is in instead.
    """
    words = list(tokens(statement))
    qualifier = '"' + old.replace('"', '""') + '"'
    found = []
    for number, (kind, piece) in enumerate(words):
        following = [text for _kind, text in words[number + 1 : number + 3]]
        qualifies = kind == "name" and piece == qualifier and following[:1] == ["."]
        found.append(place(unquoted(following[1])) if qualifies and len(following) > 1 else piece)
    return "".join(found)


def unquoted(name: str) -> str:
    """Return a name without the quotes it may have."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def comparable(text: str) -> str:
    """Return a text in which spacing and the order of a table's columns do not count.

    An added column always stands last, so order cannot be put back and is not part of what is compared.
    """
    plain = "".join(" " if kind == "space" else piece for kind, piece in tokens(text) if kind != "comment")
    statements = split(plain, ";")
    if statements and statements[0].startswith("CREATE TABLE "):
        head, _, body = statements[0].partition("(")
        body, _, tail = body.rpartition(")")
        statements[0] = f"{head}({', '.join(sorted(split(body, ',')))}){tail}"
    return "; ".join([*statements[:1], *sorted(statements[1:])])
