"""Commands; heavy imports live inside the functions so that `liaison --help` stays fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.feeds.checking import LineProblem
    from pipeline.feeds.mapping import Mapped

FAILED = 1

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Case records, one JSON a line.")]
AgencyName = Annotated[str, typer.Option("--agency", help="The agency whose records these are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def register(root: typer.Typer) -> None:
    """Add `feed` to the root command."""
    feed = typer.Typer(help="The agency's side: check, send and map case records.", no_args_is_help=True)
    feed.command(epilog="Example: liaison feed validate cases.ndjson --agency fr-pj")(validate)
    feed.command(epilog="Example: liaison feed push cases.ndjson --agency fr-pj")(push)
    feed.command("map", epilog="Example: liaison feed map register.csv --mapping police-csv -o cases.ndjson")(map_table)
    root.add_typer(feed, name="feed")


def validate(
    file: File,
    agency: AgencyName,
    country: Annotated[str, typer.Option(help="The agency's country (FR); that of the first record if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check a file as intake will, offline; exit 1 if a line would be rejected."""
    from pipeline.feeds.checking import Checker, count_lines, numbered_lines
    from pipeline.feeds.progress import progress

    checker, bad = Checker(agency, country), 0
    total = count_lines(file)
    with progress() as display:
        lines = display.track(numbered_lines(file), total=total, description="Checking")
        for checked in checker.check(lines):
            bad += bool(checked.problems)
            _print_problems(file, checked.problems, as_json=as_json)
    typer.echo(f"{total - bad:,} of {total:,} lines are good", err=True)
    if bad:
        raise typer.Exit(FAILED)


def push(
    file: File,
    agency: AgencyName,
    validate: Annotated[bool, typer.Option(help="Leave out what intake would reject, and report it.")] = True,
    as_json: AsJson = False,
) -> None:
    """Send each line as one message; exit 1 if a line was left out."""
    from pipeline.feeds.checking import Checked, Checker, count_lines, numbered_lines
    from pipeline.feeds.progress import progress
    from pipeline.feeds.pushing import case_producer, registered
    from pipeline.feeds.pushing import push as push_lines
    from pipeline.settings import settings

    known = registered(settings(), agency)
    total = count_lines(file)
    lines = numbered_lines(file)
    checked: Iterable[Checked] = (
        Checker(known.name, known.country).check(lines) if validate else (Checked(number, raw) for number, raw in lines)
    )
    with progress() as display, case_producer(settings()) as producer:
        task = display.add_task("Sending", total=total)
        pushed = push_lines(producer, agency, checked, lambda: display.advance(task))
    _print_problems(file, pushed.problems, as_json=as_json)
    typer.echo(f"{pushed.sent:,} of {total:,} lines sent to {agency}", err=True)
    if pushed.left_out:
        raise typer.Exit(FAILED)


def map_table(
    table: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON lines or Parquet.")],
    mapping: Annotated[str, typer.Option(help="A mapping kit: a .yml file, or the name of one that is shipped.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the case records go, one JSON a line.")],
    truth: Annotated[
        Path | None, typer.Option(help="Where the kit's truth column goes: case and label, one JSON a line.")
    ] = None,
) -> None:
    """Turn an agency's own table into case records; exit 1 if a row could not be mapped in full."""
    from datetime import UTC, datetime

    from pipeline.feeds.kit import load_kit
    from pipeline.feeds.mapping import Mapper
    from pipeline.feeds.progress import progress
    from pipeline.feeds.rows import count_rows

    kit = load_kit(mapping)
    mapper = Mapper(kit, lambda: datetime.now(UTC))
    with progress() as display:
        rows = display.track(mapper.map_file(table), total=count_rows(table, kit.source), description="Mapping")
        written, doubtful = _write(table, rows, output, truth)
    for column, filled in sorted(mapper.unmapped.items()):
        typer.echo(f"{table}: column {column} is not mapped ({filled:,} filled)", err=True)
    typer.echo(f"{written:,} case records written to {output}", err=True)
    if doubtful:
        typer.echo(f"{doubtful:,} rows could not be mapped in full", err=True)
        raise typer.Exit(FAILED)


def _write(table: Path, rows: Iterable[Mapped], output: Path, truth: Path | None) -> tuple[int, int]:
    """Write records and truth; returns how many records, and how many rows with a problem."""
    import os
    from contextlib import ExitStack

    import orjson

    written = doubtful = 0
    with ExitStack() as files:
        records = files.enter_context(output.open("wb"))
        labels = files.enter_context((truth or Path(os.devnull)).open("wb"))
        for row in rows:
            doubtful += bool(row.problems)
            for problem in row.problems:
                place = f" column {problem.column}:" if problem.column else ""
                typer.echo(f"{table}:{row.line}:{place} {problem.message}", err=True)
            if row.event is not None:
                written += 1
                records.write(orjson.dumps(row.event, option=orjson.OPT_APPEND_NEWLINE))
                labels.write(orjson.dumps({"case": row.case, "label": row.truth}, option=orjson.OPT_APPEND_NEWLINE))
    return written, doubtful


def _print_problems(file: Path, problems: Iterable[LineProblem], *, as_json: bool) -> None:
    import msgspec

    for problem in problems:
        if as_json:
            typer.echo(msgspec.json.encode(problem))
        else:
            typer.echo(f"{file}:{problem.line}: {problem.pointer or '/'}: {problem.reason}: {problem.message}")
