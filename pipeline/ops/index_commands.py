"""`liaison ops reindex`; heavy imports live inside the function."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from pipeline.settings import settings as from_environment


def register(ops: typer.Typer) -> None:
    """Add `reindex` to `ops`."""
    ops.command("reindex", epilog="Example: liaison ops reindex --kind cases --kind links")(reindex)


def reindex(
    kind: Annotated[list[str] | None, typer.Option(help="Only this index (cases, links); may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Build the indices anew from Kafka beside those in use, and swap them without downtime.

    Mends an index whose mapping differs from the catalogue, that refused documents, or that was lost. If it is killed,
    run it again.
    """
    import msgspec

    from pipeline.ops.counting import counting
    from pipeline.ops.operation import audited
    from pipeline.ops.reindex import Rebuilt
    from pipeline.ops.reindex import reindex as rebuild

    settings = from_environment()

    async def rebuilt() -> list[Rebuilt]:
        async with audited(settings, f"reindex {' '.join(kind or ['all'])}"):
            with counting("fetches written") as count:
                return await rebuild(settings, kind or (), count=count)

    done = asyncio.run(rebuilt())
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    for one in done:
        typer.echo(f"{one.kind}: {one.index} in place of {one.replaced}, from {one.records:,} records of Kafka")
        if one.refused:
            typer.echo(f"{one.kind}: {one.refused} documents were refused; see `liaison ops rejected list`")
