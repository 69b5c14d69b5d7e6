"""`liaison ops aside`: records that alone ended a process twice, and their replay."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import JsonOption, print_json
from pipeline.ops.operation import audit_operation
from pipeline.settings import Settings
from pipeline.streams.monitoring.set_aside import SetAside, order_replay, read_set_aside


def list_aside(as_json: JsonOption = False) -> None:
    """List the records that stages have set aside, by position: none of their content.

    Alone, each of them ended its stage's process twice. Its partition goes on without it; a message that intake set
    aside has no outcome yet.
    """
    found = asyncio.run(read_set_aside(from_environment()))
    if as_json:
        print_json([{"stage": one.stage, "position": one.position, "ordered": one.ordered} for one in found])
        return
    for one in found:
        typer.echo("\t".join([one.stage, one.position, *(["replay ordered"] if one.ordered else [])]))
    typer.echo(f"{len(found)} set aside")


def replay_aside(
    positions: Annotated[
        list[str] | None, typer.Argument(help="Source positions; without any, all that are set aside.")
    ] = None,
) -> None:
    """Replay what stages have set aside, once the cause is fixed.

    The owner of its partition begins within ten seconds. A record that ends the process twice more is set aside again.
    """
    settings = from_environment()
    ordered = asyncio.run(_order(settings, frozenset(positions or ())))
    typer.echo(f"{len(ordered)} to be replayed; `liaison ops aside list` shows what is left")


async def _order(settings: Settings, positions: frozenset[str]) -> list[SetAside]:
    found = await read_set_aside(settings)
    if unknown := sorted(positions - {one.position for one in found}):
        raise LiaisonError(f"not set aside: {', '.join(unknown)}")
    wanted = [one for one in found if not positions or one.position in positions]
    async with audit_operation(settings, f"aside replay {' '.join(one.position for one in wanted) or 'nothing'}"):
        await order_replay(settings, wanted)
    return wanted
