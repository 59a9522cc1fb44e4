"""Dangers that other tools lint for and that no rule of ours reports, each with the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SERVER = "only on PostgreSQL"

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "DS01": "a plan is about one table and can drop no database",
        "DS05": "a plan has no operation that empties a table or writes rows without a condition",
        "DS06": "a table is only made where there is none, and never with a replace",
        "DS11": "a change that would lose an object is refused with each of them named (UnsupportedChangeError)",
        "MF10": "the key is always `name`; a table with another key is refused (UnsupportedChangeError)",
        "BC03": "what a program reads cannot be seen; DS02 and DS03 report every drop",
        "BC04": f"{_SERVER}: SQLite has no enumerated types; MF07 counts choices that are gone",
        "BC07": "a plan holds no SQL of the user's",
        "LK01": f"{_SERVER}; LK18 notes what an index costs here",
        "LK02": _SERVER,
        "LK03": _SERVER,
        "LK04": _SERVER,
        "LK05": f"{_SERVER}: SQLite takes an index back with its transaction",
        "LK06": _SERVER,
        "LK07": _SERVER,
        "LK08": _SERVER,
        "LK09": _SERVER,
        "LK10": _SERVER,
        "LK11": _SERVER,
        "LK12": f"{_SERVER}: here a new type is written into the catalog, and only values that differ are written",
        "LK13": "defaults are constants, so SQLite adds such columns without touching a row",
        "LK14": "every migration waits for the lock with a limit (`lock_timeout_s`) and gives up",
        "LK15": "every apply is one transaction on purpose; LK17, LK18 and LK19 say when it is long",
        "LK20": "the transaction is ours, and a plan holds no statement that begins or ends one",
        "LK21": _SERVER,
        "LK22": _SERVER,
        "LK23": _SERVER,
        "LK24": "a plan never runs VACUUM",
        "HY01": "indexes are named by us, fields and DocTypes are checked when they are loaded",
        "HY02": "a name that is too long is refused when the DocType is loaded (InvalidDocTypeError)",
        "HY04": "a script runs whole or not at all, so no statement needs an IF NOT EXISTS",
        "HY05": _SERVER,
        "HY06": _SERVER,
        "HY07": _SERVER,
        "HY08": _SERVER,
        "HY09": "a plan for another schema or history is refused (StalePlanError)",
        "HY10": "a plan names a column once, and an accepted id that no rule has is refused",
        "HY11": _SERVER,
    }
)
"""Id to the reason why it cannot be reported here"""
