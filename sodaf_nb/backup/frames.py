"""Rows as a DataFrame that keeps every value as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def exact_frame(rows: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a DataFrame of Python values.

    Its dtype is object: pandas would turn whole numbers beside a NULL into floats and lose digits.
    """
    import pandas as pd  # noqa: PLC0415  heavy, and only needed here

    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)
