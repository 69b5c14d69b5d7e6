"""`liaison demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli import demo_report
from pipeline.command_settings import from_environment
from pipeline.demo import run
from pipeline.demo.generator import DemoFeed, generate_feed, write_truth
from pipeline.demo.installation import demo_settings, log_to_file
from pipeline.demo.list_truth import read_list_truth
from pipeline.demo.table_feed import table_feed
from pipeline.feeds.kit import RecognisedTable, load_kit, survey_folder
from pipeline.localstack.processes import end_on_signals
from pipeline.ops.command_output import FAILED

Leave = Annotated[
    bool, typer.Option("--exit", help="Exit after the report instead of serving; exit code 0 only if all is well.")
]
OwnData = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Your own records instead of the generated feed.")
]
KitName = Annotated[str, typer.Option(help="The mapping kit for --data, such as un-list.")]
ListFolder = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of lists (UN, OFAC, UK, EU ...) as published.")
]
KnownPairs = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Pairs known to be the same: CSV with case_a and case_b."),
]


def demo(
    leave: Leave = False,
    data: OwnData = None,
    mapping: KitName = "",
    lists: ListFolder = None,
    truth: KnownPairs = None,
) -> None:
    """Run the whole pipeline on this machine: real Kafka and Elasticsearch, eight agencies, 3,000 cases, known truth.

    After a minute or two it reports the outcome of every message and how accurate the links are, then serves pages and
    API until Ctrl-C. Each run starts empty, in a namespace of its own. With --data or --lists it runs over your own
    records or public lists instead. With --exit, exit code 0 means that the accounting balances and, for the generated
    feed, that recall is at least 0.9 at a precision of at least 0.95.
    """
    _check_sources(data, mapping, lists, truth)
    console, own = Console(), demo_settings(from_environment())
    log_to_file(own)
    tables = _find_tables(data, mapping, lists, console)
    feed = _make_feed(tables, truth, own.home.expanduser() / "demo" / "truth.ndjson", console)
    with end_on_signals(), run.running_stack(own, console), run.demo_installation(own, feed, console) as workers:
        outcome = run.run_feed(own, feed, workers, console)
        demo_report.show_report(outcome, feed, console)
        demo_report.show_commands(own, outcome, console, running=not leave)
        if not leave:
            with run.serve_pages(own) as url:
                demo_report.show_pages(url, outcome, console)
                run.keep_running(workers)
                console.print("Stopping ...")
    if leave and not (outcome.counted.balanced and (tables or outcome.accurate)):
        raise typer.Exit(FAILED)


def _check_sources(data: Path | None, mapping: str, lists: Path | None, truth: Path | None) -> None:
    """Raises BadParameter where the options ask for two sources of records, or for half of one."""
    if (data is None) != (not mapping):
        raise typer.BadParameter("--data and --mapping go together")
    if data is not None and lists is not None:
        raise typer.BadParameter("give --data or --lists, not both")
    if truth is not None and data is None and lists is None:
        raise typer.BadParameter("--truth goes with --data or --lists; the generated feed has its own")


def _find_tables(data: Path | None, mapping: str, lists: Path | None, console: Console) -> list[RecognisedTable]:
    """The table of --data, or those of the folder of --lists, which are named; none for the generated feed."""
    if data is not None:
        return [RecognisedTable(data, load_kit(mapping))]
    if lists is None:
        return []
    found = survey_folder(lists)
    for table in found.tables:
        console.print(f"{table.path.name}: {table.kit.name}", highlight=False)
    for path in found.unknown:
        console.print(f"{path.name}: left out, no mapping kit names it", style="yellow", highlight=False)
    return list(found.tables)


def _make_feed(tables: list[RecognisedTable], list_truth: Path | None, truth: Path, console: Console) -> DemoFeed:
    """The generated feed, or that of the tables; its true links are written to `truth`."""
    known_pairs = read_list_truth(list_truth) if list_truth else ()
    feed = table_feed(tables, console, known_pairs) if tables else generate_feed()
    write_truth(feed, truth)
    known = f"; the true links are in {truth}" if feed.pairs else ""
    console.print(f"{len(feed.messages):,} messages generated{known}", soft_wrap=True)
    return feed
