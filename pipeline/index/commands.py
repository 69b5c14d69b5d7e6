"""Commands; heavy imports live inside the functions so that `liaison --help` stays fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

if TYPE_CHECKING:
    from pipeline.index.documents import CaseDocument, LinkDocument
    from pipeline.index.queries import Limits
    from pipeline.index.reading import Reader

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Key = Annotated[str, typer.Argument(help="Case key, <agency>:<case id>.")]

T = TypeVar("T")

OPERATOR = "Acting as the local operator: every case is shown, whatever its handling, and nothing is audited."


def register(root: typer.Typer) -> None:
    """Add `search`, `case`, `links` and `export` to the root command."""
    root.command(epilog='Example: liaison search "иван петров 1980-05"')(search)
    root.command(epilog="Example: liaison case fr-pj:2026-004711")(case)
    root.command(epilog="Example: liaison links fr-pj:2026-004711 --json")(links)
    root.command(epilog="Example: liaison export links --format ndjson -o links.ndjson")(export)


def search(
    question: Annotated[
        str, typer.Argument(help="Names in any script, numbers, phones, plates (AB?12*), dates, words.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=100, help="Cases to show.")] = 20,
    country: Annotated[str, typer.Option(help="Country (FR) where phones without country code are dialled.")] = "",
    as_json: Json = False,
) -> None:
    """Find the cases that speak of what you ask for, the likeliest first."""
    from pipeline.index import terminal
    from pipeline.index.questions import parse
    from pipeline.index.searching import Result
    from pipeline.index.searching import search as find
    from pipeline.matching.model import load_model
    from pipeline.settings import settings

    asked = parse(question)
    model = load_model(settings().model)

    async def ask(reader: Reader, limits: Limits) -> list[Result]:
        return await find(reader, asked, model, limits, country.upper(), limit)

    found = _read(ask)
    if as_json:
        _print_json([_result_row(one) for one in found])
    elif found:
        _print(terminal.results(found))
    else:
        typer.echo("No case speaks of that.")


def _result_row(one: Any) -> dict[str, Any]:
    import msgspec

    document = one.case
    return {
        "case": document.case,
        "agency": document.agency,
        "country": document.country,
        "title": (document.data or {}).get("title"),
        "score": one.score,
        "met": one.met,
        "evidence": msgspec.to_builtins(one.evidence),
    }


def case(key: Key, as_json: Json = False) -> None:
    """Show a case: its record as sent, owner, handling and provenance."""
    from pipeline.index import terminal
    from pipeline.index.exports import case_row

    document = _read(lambda reader, _limits: _existing(reader, key))
    if as_json:
        _print_json(case_row(document))
    else:
        _print(terminal.case(document))


def links(
    key: Key,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Links to show, strongest first.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the links of a case and why each was made."""
    from pipeline.index import terminal
    from pipeline.index.exports import link_row

    async def ask(reader: Reader, _limits: Limits) -> list[LinkDocument]:
        await _existing(reader, key)
        return await reader.links_of(key, limit)

    found = _read(ask)
    if as_json:
        _print_json([link_row(link) for link in found])
    elif found:
        _print(terminal.links(key, found))
    else:
        typer.echo(f"{key} has no links.")


def export(
    what: Annotated[Literal["links", "cases"], typer.Argument(help="What to export.")],
    form: Annotated[Literal["ndjson"], typer.Option("--format", help="One JSON object a line.")] = "ndjson",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; otherwise standard output.")
    ] = None,
) -> None:
    """Write every visible link, or every live case, as a file."""
    import sys

    from pipeline.index.exports import case_rows, link_rows, write_lines

    async def write(reader: Reader, limits: Limits) -> int:
        rows = link_rows(reader) if what == "links" else case_rows(reader, limits)
        if output is None:
            return await write_lines(rows, sys.stdout.buffer.write)
        with output.open("wb") as file, _progress(what) as count:
            return await write_lines(rows, lambda line: (file.write(line), count()))

    count = _read(write)
    typer.echo(f"{count:,} {what} written as {form}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[], None]]:
    """Count on a terminal what has been written; how much is to come nobody knows before it has been checked."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} " + what), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda: progress.advance(task)


async def _existing(reader: Reader, key: str) -> CaseDocument:
    from pipeline.errors import LiaisonError

    document = await reader.case(key)
    if document is None:
        raise LiaisonError(f"there is no case {key}")
    return document


def _read(ask: Callable[[Reader, Limits], Awaitable[T]]) -> T:
    """Ask the active indices something, as the local operator, and say so."""
    from pipeline.index.client import connect
    from pipeline.index.mappings import Indices
    from pipeline.index.queries import Limits
    from pipeline.index.reading import Reader, now
    from pipeline.settings import settings

    async def asked() -> T:
        async with connect(settings()) as client:
            reader = Reader(client, Indices(settings().namespace, ""))
            return await ask(reader, Limits(now().date()))

    typer.echo(OPERATOR, err=True)
    return asyncio.run(asked())


def _print(renderable: Any) -> None:
    from rich.console import Console

    Console().print(renderable)


def _print_json(value: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(value))
