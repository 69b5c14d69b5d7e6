"""Which rows of a list's results are wanted: by what was found for them, and by the best band of that. Pure."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from pipeline.access.redaction import Row
from pipeline.matching.bands import Band

FoundFilter = Literal["", "match", "weak", "none", "not_asked", "problem"]
"""Rows with a match in a band, with weaker results alone, with nothing, or that could not be asked.

Rows that were not put to hit-only records are `not_asked` whatever else was found for them, and never `none`.
"""


class ListFilter(msgspec.Struct, frozen=True):
    """Which rows: by what was found for them, and by the best band of that."""

    found: FoundFilter = ""
    band: Band = Band.NONE

    def takes(self, row: Row) -> bool:
        """Whether a row, as the requester sees it now, is wanted."""
        best = best_band(row)
        is_found = bool(row["not_asked"]) if self.found == "not_asked" else self.found in ("", _classify(row, best))
        return self.band in (Band.NONE, best) and is_found


ALL_ROWS: Final = ListFilter()


def best_band(row: Row) -> Band:
    """The best band of what was found for a row; Band.NONE for nothing in one."""
    found = (Band(one["band"] or "") for one in (*row["matches"], *row["hits"]))
    return min(found, key=lambda band: band.rank, default=Band.NONE)


def _classify(row: Row, best: Band) -> FoundFilter:
    if row["problem"]:
        return "problem"
    if best is not Band.NONE:
        return "match"
    if row["matches"]:
        return "weak"
    return "not_asked" if row["not_asked"] else "none"
