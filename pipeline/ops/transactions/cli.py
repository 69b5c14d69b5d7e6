"""`liaison ops transactions`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonArrayOption


def register(ops: typer.Typer) -> None:
    """Add `transactions` to `ops`."""
    transactions = typer.Typer(help="Open Kafka transactions that hold readers up.", no_args_is_help=True)
    transactions.command("list", epilog="Example: liaison ops transactions list")(show_transactions)
    transactions.command(
        "abort", epilog="Example: liaison ops transactions abort accepted 0 --producer-id 4012"
    )(abort_hanging_transaction)  # fmt: skip
    ops.add_typer(transactions, name="transactions")


def show_transactions(as_json: JsonArrayOption = False) -> None:
    """List open transactions by partition: open (Kafka ends them itself) or hanging (it does not)."""
    from dataclasses import asdict

    from pipeline.ops.transactions.open_transactions import open_transactions

    found = open_transactions(from_environment())
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        state = "hanging" if each.hanging else "open"
        typer.echo(
            f"{each.topic}\t{each.partition}\t{state}\tproducer {each.producer_id}\t{each.transactional_id or '-'}\t"
            f"from offset {each.start_offset}, last record {each.idle_s:,.0f} s ago"
        )
    typer.echo(f"{len(found)} open, {sum(each.hanging for each in found)} of them hanging")


def abort_hanging_transaction(
    topic: Annotated[str, typer.Argument(help="The topic, as listed.")],
    partition: Annotated[int, typer.Argument(help="The partition, as listed.")],
    producer_id: Annotated[int, typer.Option("--producer-id", help="The producer, as listed.")],
) -> None:
    """End a hanging transaction in a partition; its messages are never read."""
    from pipeline.ops.operation import audit_operation
    from pipeline.ops.transactions.open_transactions import OpenTransaction, abort_transaction

    settings = from_environment()

    async def done() -> OpenTransaction:
        async with audit_operation(settings, f"transactions abort {topic}-{partition} producer {producer_id}"):
            return await asyncio.to_thread(abort_transaction, settings, topic, partition, producer_id)

    ended = asyncio.run(done())
    typer.echo(f"{ended.topic}-{ended.partition}: ended the transaction from offset {ended.start_offset} on")
