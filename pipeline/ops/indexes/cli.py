"""`liaison ops reindex`; heavy imports live inside the function."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonArrayOption


def register(ops: typer.Typer) -> None:
    """Add `reindex` to `ops`."""
    ops.command("reindex", epilog="Example: liaison ops reindex --kind cases --kind links")(reindex)


def reindex(
    kind: Annotated[list[str] | None, typer.Option(help="Only this index (cases, links); repeatable.")] = None,
    replicas_only: Annotated[
        bool, typer.Option("--replicas-only", help="Only set LIAISON_INDEX_REPLICAS, in place.")
    ] = False,
    as_json: JsonArrayOption = False,
) -> None:
    """Rebuild the search indexes from Kafka and swap them in without downtime.

    Repairs an index whose mapping differs from the catalogue, that refused documents, or that was lost, and applies
    LIAISON_INDEX_SHARDS and LIAISON_INDEX_REPLICAS. If it is interrupted, run it again.
    """
    if replicas_only:
        _set_replicas(kind or (), as_json)
    else:
        _rebuild_indices(kind or (), as_json)


def _set_replicas(kinds: Sequence[str], as_json: bool) -> None:
    """Set the copies of the indices there are, and name these."""
    import json

    from pipeline.ops.indexes.reindex import update_replicas
    from pipeline.ops.operation import audit_operation

    settings = from_environment()

    async def replicated() -> list[str]:
        async with audit_operation(settings, f"reindex --replicas-only {' '.join(kinds or ['all'])}"):
            return await update_replicas(settings, kinds)

    done = asyncio.run(replicated())
    typer.echo(json.dumps(done) if as_json else "\n".join(f"{index}: replicas set" for index in done))


def _rebuild_indices(kinds: Sequence[str], as_json: bool) -> None:
    """Build indices anew, and say from how much."""
    import msgspec

    from pipeline.ops.indexes.reindex import RebuiltIndex
    from pipeline.ops.indexes.reindex import reindex as rebuild
    from pipeline.ops.operation import audit_operation
    from pipeline.progress_bars import show_count

    settings = from_environment()

    async def rebuilt() -> list[RebuiltIndex]:
        async with audit_operation(settings, f"reindex {' '.join(kinds or ['all'])}"):
            with show_count("fetches written") as count:
                return await rebuild(settings, kinds, count=count)

    done = asyncio.run(rebuilt())
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    for index in done:
        typer.echo(f"{index.kind}: {index.index} in place of {index.replaced}, from {index.records:,} records of Kafka")
        if index.refused:
            typer.echo(f"{index.kind}: {index.refused} documents were refused; see `liaison ops rejected list`")
