"""`liaison demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.demo.generator import DemoFeed

FAILED = 1


def register(root: typer.Typer) -> None:
    """Add `demo` to the root command."""
    root.command(epilog="Example: liaison demo --exit; echo $?", rich_help_panel="Start here")(demo)


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="Exit after the report instead of serving; exit code 0 only if all is well.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Your own records instead of the generated feed.")
    ] = None,
    mapping: Annotated[str, typer.Option(help="The mapping kit for --data, such as historical-figures.")] = "",
) -> None:
    """Run the whole pipeline on this machine: real Kafka and Elasticsearch, eight agencies, 3,000 cases, known truth.

    After a minute or two it reports the outcome of every message and how accurate the links are, then serves pages and
    API until Ctrl-C. Each run starts empty, in a namespace of its own. With --exit, exit code 0 means that the
    accounting balances and, for the generated feed, that recall is at least 0.9 at a precision of at least 0.95.
    """
    from rich.console import Console

    from pipeline.cli.rendering import demo_report
    from pipeline.demo import run
    from pipeline.demo.installation import demo_settings, log_to_file
    from pipeline.localstack.processes import end_on_signals
    from pipeline.settings import settings

    if (data is None) != (not mapping):
        raise typer.BadParameter("--data and --mapping go together")
    console, own = Console(), demo_settings(settings())
    log_to_file(own)
    feed = _make_feed(data, mapping, own.home.expanduser() / "demo" / "truth.ndjson", console)
    with end_on_signals(), run.running_stack(own, console), run.demo_installation(own, feed, console) as workers:
        outcome = run.run_feed(own, feed, workers, console)
        demo_report.show_report(outcome, feed, console)
        demo_report.show_commands(own, outcome, console, running=not leave)
        if not leave:
            with run.serve_pages(own) as url:
                demo_report.show_pages(url, outcome, console)
                run.keep_running(workers)
                console.print("Stopping ...")
    if leave and not (outcome.counted.balanced and (data is not None or outcome.accurate)):
        raise typer.Exit(FAILED)


def _make_feed(data: Path | None, mapping: str, truth: Path, console: Console) -> DemoFeed:
    """The generated feed, or that of a table; its true links are written to `truth`."""
    from pipeline.demo.generator import generate_feed, write_truth
    from pipeline.demo.table_feed import table_feed

    feed = generate_feed() if data is None else table_feed(data, mapping, console)
    write_truth(feed, truth)
    console.print(f"{len(feed.messages):,} messages generated; the true links are in {truth}", soft_wrap=True)
    return feed
