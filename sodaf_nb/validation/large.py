"""From how many rows on a pass over a table is worth a word."""

from __future__ import annotations

LARGE = 200_000
"""Rows. A rebuild of 500,000 narrow rows took 1.1 s (measured), and nobody else can write meanwhile."""
