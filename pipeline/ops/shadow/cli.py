"""`liaison ops shadow`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment

if TYPE_CHECKING:
    from pipeline.ops.shadow.policy import ModelComparison


def register(ops: typer.Typer) -> None:
    """Add `shadow` to `ops`."""
    ops.command("shadow", epilog="Example: liaison ops shadow --model new.json -o changes.ndjson")(shadow_model)


def shadow_model(
    model: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The second matching model.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write each change to this file, one JSON object a line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as one JSON object.")] = False,
) -> None:
    """Run a second model over all accepted cases and report which links would appear and vanish; nothing changes.

    It takes one core, and as long as correlating takes. To switch to a model, use `generation build`.
    """
    import msgspec

    from pipeline.matching.model import load_model
    from pipeline.ops.operation import audit_operation
    from pipeline.ops.shadow.run import compare_with_active as compare
    from pipeline.progress_bars import show_count
    from pipeline.times import now

    settings, second = from_environment(), load_model(model)

    async def compared() -> ModelComparison:
        async with audit_operation(settings, f"shadow of model {second.file.version}"):
            with show_count("versions") as count:
                return await compare(settings, second, now, count)

    found = asyncio.run(compared())
    if output is not None:
        output.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in found.changes))
    if as_json:
        counts = {name: getattr(found, name) for name in found.__struct_fields__ if name != "changes"}
        typer.echo(msgspec.json.encode(counts).decode())
        return
    _print_comparison(found)


def _print_comparison(found: ModelComparison) -> None:
    typer.echo(
        f"{found.cases:,} cases: {found.links_active:,} links now, {found.links_shadow:,} with the second model;"
        f" {found.appear:,} would appear, {found.vanish:,} vanish, {found.move:,} change band"
    )
    for bands, count in found.bands.items():
        typer.echo(f"{bands}\t{count:,}")
