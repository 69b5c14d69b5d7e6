"""`liaison batch correlate`, `resolve` and `blocking-report`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from pipeline.correlation.batch import (
    LineReader,
    LinkLine,
    ResolvedEntity,
    find_links,
    make_fingerprints,
    resolve_entities,
)
from pipeline.correlation.blocking_report import BlockingReport, KindReport, blocking_report
from pipeline.correlation.stop_lists import add_stop_keys, propose_stops, read_stop_list
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.files import clear_errors, open_table
from pipeline.heap import freeze_heap
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases
from pipeline.ops.generations.stop_table import print_proposals, write_proposals
from pipeline.progress_bars import show_progress, table_console
from pipeline.records.model import Case

CaseFilesArgument = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="Case records, one JSON per line, also as .gz.")
]
ModelOption = Annotated[
    Path | None, typer.Option("--model", exists=True, dir_okay=False, help="Matching model to use.")
]
Within = Annotated[bool, typer.Option("--within", help="Also pair cases of the same country.")]
StopList = Annotated[
    Path | None,
    typer.Option(
        "--stop-list", exists=True, dir_okay=False, help="Leave out the keys of this file, by blocking-report."
    ),
]
Labels = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="True pairs as CSV with the columns case_a and case_b.")
]
ProposedStops = Annotated[
    Path | None, typer.Option("--write-stop-list", help="Write the proposed stop list here, for --stop-list.")
]
StopOver = Annotated[int, typer.Option(min=2, help="Propose to leave out keys that more cases than this bear.")]
JsonSummaryOption = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]

REFUSALS_SHOWN = 10
"""Lines left out that are named; the others are counted."""


def correlate(
    files: CaseFilesArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Output file for links, one JSON per line; - for stdout.")
    ],
    model: ModelOption = None,
    stop_list: StopList = None,
    within: Within = False,
    min_probability: Annotated[float, typer.Option(min=0.0, max=1.0, help="Lowest probability of a link.")] = 0.5,
    as_json: JsonSummaryOption = False,
) -> None:
    """Link the cases in files, offline, with the same code and rules as the stream."""
    loaded, reader = _load_model(model, stop_list), LineReader()
    with show_progress() as bar:
        cases = _read_cases(files, bar, reader)
        matcher = ModelMatcher(loaded, threshold=min_probability)
        found = find_links(make_fingerprints(cases, loaded), matcher, within=within)
    _print_summary(reader, {"links": len(found)}, as_json=as_json, to_stdout=str(output) != "-")
    _write_lines(output, found)


def resolve(
    files: CaseFilesArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Output file for resolved entities, one JSON per line; - for stdout.")
    ],
    model: ModelOption = None,
    stop_list: StopList = None,
    within: Within = False,
    as_json: JsonSummaryOption = False,
) -> None:
    """Group the entities of linked cases that are the same person or thing, by all links together.

    Two groups merge by their strongest link unless their members contradict each other or the link is ambiguous. Give a
    model trained on these cases: the shipped one keeps noisy records apart that look like relatives.
    """
    loaded, reader = _load_model(model, stop_list), LineReader()
    with show_progress() as bar:
        cases = {
            fingerprint.case: fingerprint for fingerprint in make_fingerprints(_read_cases(files, bar, reader), loaded)
        }
        found = find_links(cases.values(), ModelMatcher(loaded), within=within)
    things = resolve_entities(cases, found, loaded)
    _print_summary(reader, {"links": len(found), "things": len(things)}, as_json=as_json, to_stdout=str(output) != "-")
    _write_lines(output, things)


def show_blocking_report(
    files: CaseFilesArgument,
    labels: Labels = None,
    model: ModelOption = None,
    within: Within = False,
    stop_list: ProposedStops = None,
    over: StopOver = 1000,
    as_json: JsonSummaryOption = False,
) -> None:
    """Report keys and candidates per case, the largest blocks and, with labels, recall by kind of key and overall.

    True pairs that the model would link are counted separately: for them blocking alone decides. Of large blocks it
    says what leaving their keys out would save in pairs and cost in links that no other key brings together.
    """
    reader = LineReader()
    report = _report_blocking(files, reader, labels, load_model(model), within=within, over=over)
    if stop_list is not None:
        write_proposals(stop_list, report.stop_list)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        print_report(report, proposes=stop_list is None)
        _print_summary(reader, {}, as_json=False, to_stdout=False)


def _report_blocking(
    files: list[Path],
    reader: LineReader,
    labels: Path | None,
    model: Model,
    *,
    within: bool,
    over: int,
) -> BlockingReport:
    """Read the cases, and what their keys bring together."""
    with show_progress() as bar:
        return blocking_report(
            make_fingerprints(_read_cases(files, bar, reader), model),
            lambda a, b: bool(judge_cases(a, b, model).band),
            _read_labels(labels) if labels else (),
            within=within,
            propose=partial(propose_stops, matcher=ModelMatcher(model), over=over, within=within),
        )


def _load_model(path: Path | None, stop_list: Path | None) -> Model:
    """The model, with the keys of a stop list's file on its own. What is loaded by then stays for good."""
    loaded = load_model(path)
    if stop_list is not None:
        loaded = add_stop_keys(loaded.file, read_stop_list(stop_list))
    freeze_heap()
    return loaded


def _read_cases(files: list[Path], bar: Progress, reader: LineReader) -> Iterator[Case]:
    """The records that the reader accepts of all files, unpacked where a file is gzip, with the bytes read on the bar.

    Raises LiaisonError for a file that can't be read to its end.
    """
    task = bar.add_task("cases", total=sum(file.stat().st_size for file in files))
    for file in files:
        with open_table(file, partial(bar.advance, task)) as lines, clear_errors(file):
            yield from reader.read_cases(lines, str(file))


def _read_labels(file: Path) -> list[tuple[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as text:
        rows = csv.DictReader(text)
        if not {"case_a", "case_b"} <= set(rows.fieldnames or ()):
            raise LiaisonError(f"{file}: needs the columns case_a and case_b")
        return [(row["case_a"], row["case_b"]) for row in rows]


def _write_lines(output: Path, found: Iterable[LinkLine | ResolvedEntity]) -> None:
    """Write each as JSON on a line of the file; - is stdout."""
    text = msgspec.json.Encoder().encode_lines(found)
    if str(output) == "-":
        sys.stdout.buffer.write(text)
    else:
        output.write_bytes(text)


def _print_summary(reader: LineReader, found: dict[str, int], *, as_json: bool, to_stdout: bool) -> None:
    """Say what became of the lines; of the first refused ones where each stands. Raises LiaisonError for no record."""
    counted = {"records": reader.outcomes.total(), **reader.outcomes, **found}
    if as_json:
        typer.echo(msgspec.json.encode(counted), err=not to_stdout)
    else:
        typer.echo(", ".join(f"{count} {name}" for name, count in counted.items()), err=True)
        _print_refusals(reader)
    if reader.refused == reader.outcomes.total() > 0:
        raise LiaisonError("no line is a case record; `liaison feed map` makes them of tables and lists")


def _print_refusals(reader: LineReader) -> None:
    for refusal in reader.refusals[:REFUSALS_SHOWN]:
        problem = refusal.problem
        typer.echo(
            f"{refusal.file}:{refusal.line}: {problem.reason} at {problem.pointer or '/'}: {problem.message}", err=True
        )
    if (more := reader.refused - REFUSALS_SHOWN) > 0:
        typer.echo(f"and {more:,} more", err=True)


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
