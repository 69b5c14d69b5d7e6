"""What `liaison batch blocking-report` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pipeline.ops.generations.stop_table import print_proposals
from pipeline.progress_bars import table_console

if TYPE_CHECKING:
    from pipeline.correlation.blocking_report import BlockingReport, KindReport

WIDE = 120
"""Columns of a terminal that has room for what a kind is of."""


def print_report(report: BlockingReport, *, proposes: bool) -> None:
    """Kinds of keys, what they bring together, what to leave out; `proposes`: that is in no file yet."""
    console = table_console()
    _print_kinds(console, report.kinds, labelled=report.recall is not None)
    console.print(
        f"{report.cases:,} cases, {report.keys_per_case:.1f} keys per case (at most {report.most_keys}), "
        f"{report.candidates:,.1f} candidates for a new case"
    )
    if report.recall is not None:
        console.print(f"recall {report.recall:.4f} of {report.labelled} true pairs")
    if report.recall_of_linkable is not None:
        console.print(f"recall {report.recall_of_linkable:.4f} of {report.linkable} that the model would link")
    if report.sampled < report.cases:
        console.print(f"pairs and candidates are estimated by {report.sampled:,} cases")
    for block in report.largest_blocks:
        console.print(f"block {block.key} ({block.kind}): {block.cases:,} cases", highlight=False)
    if report.stop_list:
        _print_proposals(console, report, proposes=proposes)


def _print_kinds(console: Console, kinds: Sequence[KindReport], *, labelled: bool) -> None:
    """A row for each kind that a case has a key of; recall where there are true pairs to find."""
    wide = console.width >= WIDE
    table = Table("kind", *(["of"] if wide else []), "keys a case", "pairs a case", "largest block")
    for name in ("recall", "only by it") if labelled else ():
        table.add_column(name)
    for kind in (kind for kind in kinds if kind.largest_block):
        found = ["" if share is None else f"{share:.4f}" for share in (kind.recall, kind.only)]
        numbers = (f"{kind.keys_per_case:.2f}", f"{kind.pairs_per_case:,.2f}", f"{kind.largest_block:,}")
        table.add_row(kind.kind, *([kind.of] if wide else []), *numbers, *(found if labelled else []))
    console.print(table)
    if missing := [kind.kind for kind in kinds if not kind.largest_block]:
        console.print(f"no key of these kinds: {', '.join(missing)}")


def _print_proposals(console: Console, report: BlockingReport, *, proposes: bool) -> None:
    console.print("values that everybody has, and what leaving their keys out costs:")
    print_proposals(report.stop_list)
    if report.recall_with_stops is not None:
        console.print(f"recall {report.recall_with_stops:.4f} of the true pairs without the keys to leave out")
    if proposes and any(proposal.stop for proposal in report.stop_list):
        console.print(
            "--write-stop-list FILE writes them, for --stop-list FILE of `batch correlate` and `generation build`"
        )
