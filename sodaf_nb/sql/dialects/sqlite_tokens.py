"""SQL cut into the pieces that SQLite's own tokenizer would see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# SQLite's own lexical rules: quotes are doubled inside quotes except in [], a block comment may end
# with the text, and every character from U+0080 on belongs to a word.
_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+|\ufeff)
      | (?P<comment>--[^\n]*|/\*(?s:.*?)(?:\*/|\Z))
      | (?P<blob>[xX]'[^']*')
      | (?P<string>'(?:[^']|'')*+')
      | (?P<quoted>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*\])
      | (?P<number>0[xX][0-9A-Fa-f_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
      | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
      | (?P<punct>->>|->|\|\||<=|<>|<<|>=|>>|==|!=|[-+*/%(),.;<>=~&|])
      | (?P<illegal>(?s:.))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One lexical piece of SQL."""

    kind: str  # a group's name in `_TOKEN`
    text: str  # word for word
    start: int  # in characters
    stop: int

    @property
    def key(self) -> str:
        """Return an unquoted word in upper case or the text of punctuation; empty for all others."""
        # Only ASCII: Python would make a Turkish dotless i an I, and some name a keyword.
        return self.text.upper() if self.kind in ("word", "punct") and self.text.isascii() else ""

    @property
    def name(self) -> str:
        """Return the name it spells, without quotes; empty when it cannot be a name."""
        if self.kind not in ("quoted", "string"):  # SQLite takes strings for names, too
            return self.text if self.kind == "word" else ""
        mark = self.text[-1]
        return self.text[1:-1] if mark == "]" else self.text[1:-1].replace(mark * 2, mark)


@lru_cache(maxsize=256)  # one change asks dozens of times
def tokens(sql: str) -> tuple[Token, ...]:
    """Return the tokens of any text; their texts joined give it back."""
    return tuple(Token(str(m.lastgroup), m[0], m.start(), m.end()) for m in _TOKEN.finditer(sql))
