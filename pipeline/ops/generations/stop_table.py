"""What is printed of a proposed stop list: by `liaison ops generation suggest` and `liaison batch blocking-report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from pipeline.correlation.stop_lists import StopProposal, encode_stop_list
from pipeline.private_files import write_private
from pipeline.progress_bars import table_console


def print_proposals(proposals: Sequence[StopProposal]) -> None:
    """A table of keys by their kinds: what each costs, what leaving it out would lose, and whether to."""
    table = Table()
    table.add_column("kind", no_wrap=True)
    for name in ("cases", "pairs", "links met", "lost of them", "lost in all", "leave out"):
        table.add_column(name)
    for proposal in proposals:
        table.add_row(
            proposal.kind,
            f"{proposal.cases:,}",
            f"{proposal.pairs:,}",
            f"{proposal.links:,} by {proposal.drawn:,} cases",
            f"{proposal.lost:,}",
            f"about {proposal.lost_in_all:,}",
            "yes" if proposal.stop else "no",
        )
    table_console().print(table)


def write_proposals(path: Path, proposals: Sequence[StopProposal]) -> None:
    """Write the stop list's file for its owner alone: whoever knows a value can find out whether a key is of it."""
    write_private(path, encode_stop_list(proposals))
