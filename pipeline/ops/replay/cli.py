"""`liaison ops rejected` and `replay`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import msgspec
import typer

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import JsonOption, print_json
from pipeline.ops.operation import audit_operation
from pipeline.ops.replay.rejections import (
    RejectionFilter,
    ReplaySummary,
    count_by_reason,
    list_rejections,
    read_original,
    redact_rejection,
)
from pipeline.ops.replay.rejections import replay_rejected as send_rejected
from pipeline.ops.replay.run import reject_damaged_batch, replay_messages
from pipeline.progress_bars import show_count
from pipeline.records.messages import Reason
from pipeline.streams.registers.revocations import requester_now
from pipeline.times import WITH_WEEKS, now, point_in_time

_MENDED_BY_AGENCY = "(no readable message); the agency must send it again"
_MENDED_BY_US = "(internal error after acceptance); run `liaison ops reindex`"


def _known_reason(given: str) -> str:
    """Reasons of the closed list, and the faults of ours that are kept beside them."""
    known = sorted({*Reason, "correlate_failed", "index_refused"})
    if given and given not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}")
    return given


OfReason = Annotated[str, typer.Option("--reason", callback=_known_reason, help="Only this reason, as in a receipt.")]
OfAgency = Annotated[str, typer.Option("--agency", help="Only this agency.")]
ReplaySinceOption = Annotated[str, typer.Option(help="Since: 2026-11-24T10:00:00Z, or 2h.")]
Until = Annotated[str, typer.Option(help="Until this time.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Count only; send nothing.")]


def list_rejected(
    reason: OfReason = "",
    agency: OfAgency = "",
    since: ReplaySinceOption = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, help="Number of rows to show, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List rejected messages that Kafka still holds (7 days), without their content."""
    found = asyncio.run(list_rejections(from_environment(), _make_filter(reason, agency, since, until)))
    if as_json:
        print_json(found[:limit])
        return
    for rejection in found[:limit]:
        typer.echo(
            f"{rejection.time}\t{rejection.place}\t{rejection.agency}\t{rejection.reason}\t{rejection.pointer}\t{rejection.message}"
        )
    reasons = ", ".join(f"{count} {name}" for name, count in count_by_reason(found).items())
    typer.echo(f"{len(found)} rejections{f': {reasons}' if reasons else ''}")


def show_rejected(
    position: Annotated[str, typer.Argument(help="Source position, <topic>-<partition>-<offset>.")],
    token: Annotated[
        str, typer.Option(envvar="LIAISON_TOKEN", help="Token of the owner agency; also shows the original bytes.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a rejected message: reason, field, position, size; the original bytes only to the agency that sent it."""
    settings = from_environment()
    if token:
        _show_original(position, token, as_json)
        return
    found = asyncio.run(list_rejections(settings, RejectionFilter(positions=frozenset({position}))))
    if not found:
        raise LiaisonError(f"no rejected message at {position}")
    if as_json:
        print_json(found[0])
        return
    for name, value in _to_builtins(found[0]).items():
        typer.echo(f"{name}\t{value}")


def _show_original(position: str, token: str, as_json: bool) -> None:
    settings = from_environment()

    async def shown() -> Any:
        requester = await requester_now(settings, token, now)
        message = await read_original(settings, position, requester)
        what = f"rejected show {position}"
        async with audit_operation(settings, what, subject=requester.subject, agency=requester.agency):
            return message

    rejection = asyncio.run(shown())
    if as_json:
        print_json(
            {
                **_to_builtins(redact_rejection(rejection)),
                "pointer": rejection.pointer,
                "original": (rejection.original or b"").decode(errors="backslashreplace"),
            }
        )
    else:
        sys.stdout.buffer.write((rejection.original or b"") + b"\n")


def replay_rejected(
    positions: Annotated[
        list[str] | None, typer.Argument(help="Source positions; without any, all that match the options.")
    ] = None,
    reason: OfReason = "",
    agency: OfAgency = "",
    since: ReplaySinceOption = "",
    until: Until = "",
    dry_run: Dry = False,
    as_json: JsonOption = False,
) -> None:
    """Replay rejected messages to their national topics once the cause is fixed.

    Each keeps a note of its first position. Messages accepted meanwhile become duplicates; a misrouted record goes
    where its key belongs.
    """
    settings = from_environment()
    wanted = _make_filter(reason, agency, since, until, positions or ())

    async def sent() -> ReplaySummary:
        with show_count("messages") as count:
            if dry_run:
                return await send_rejected(settings, wanted, dry=True, on_sent=count)
            async with audit_operation(
                settings, f"rejected replay {reason or 'all reasons'} {agency or 'all agencies'}"
            ):
                return await send_rejected(settings, wanted, on_sent=count)

    _print_replayed(asyncio.run(sent()), dry_run, as_json=as_json)


def reject_batch(
    topic: Annotated[str, typer.Argument(help="The national topic, with its namespace.")],
    partition: Annotated[int, typer.Argument(min=0)],
    offset: Annotated[int, typer.Argument(min=0, help="Offset where its readers stop, from the alert or the log.")],
    last: Annotated[
        int | None, typer.Option(min=0, help="Last offset to give up; by default from the batch's header.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Give up a damaged batch of a national topic (wrong CRC, or cut short).

    Its offsets get one receipt and one rejection, unreadable_batch, and the partition continues. A readable batch is
    left alone. Repeating it is harmless.
    """
    settings = from_environment()
    rejected = asyncio.run(reject_damaged_batch(settings, topic, partition, offset, last))
    if as_json:
        print_json(rejected)
        return
    typer.echo(
        f"{rejected.topic}, partition {rejected.partition}: offsets {rejected.offset} to {rejected.last_offset} are "
        "given up; readers go on after them within 20 s"
    )


def replay_topics(
    since: Annotated[str, typer.Option("--from", help="Since: 2026-11-24T10:00:00Z, or 2h.")],
    agency: Annotated[list[str] | None, typer.Option(help="Only this agency; repeatable.")] = None,
    dry_run: Dry = False,
    as_json: JsonOption = False,
) -> None:
    """Send what the national topics have received since a time to them again (they keep 7 days).

    After a restore this adds what is newer than the backup. The first outcome of a message stays; the new one is
    duplicate for everything already accepted.
    """
    settings = from_environment()
    begin, only = point_in_time(since, now(), WITH_WEEKS), agency or ()

    async def sent() -> ReplaySummary:
        with show_count("messages") as count:
            if dry_run:
                return await replay_messages(settings, begin, only, dry=True, on_sent=count)
            async with audit_operation(settings, f"replay from {begin.isoformat()} {' '.join(only) or 'all agencies'}"):
                return await replay_messages(settings, begin, only, on_sent=count)

    _print_replayed(asyncio.run(sent()), dry_run, as_json=as_json)


def _print_replayed(done: ReplaySummary, dry_run: bool, *, as_json: bool) -> None:
    if as_json:
        print_json({"sent": done.sent, "left": done.left, "dry_run": dry_run})
        return
    for agency, count in sorted(done.sent.items()):
        typer.echo(f"{agency}\t{count}")
    typer.echo(f"{sum(done.sent.values())} messages {'would be replayed' if dry_run else 'replayed'}")
    for reason, count in done.left.items():
        mended = _MENDED_BY_AGENCY if reason == Reason.UNREADABLE_BATCH else _MENDED_BY_US
        typer.echo(f"{count} not replayed: {reason} {mended}")


def _make_filter(
    reason: str, agency: str, since: str, until: str, positions: list[str] | tuple[()] = ()
) -> RejectionFilter:
    return RejectionFilter(
        reason=reason,
        agency=agency,
        since=point_in_time(since, now(), WITH_WEEKS) if since else None,
        until=point_in_time(until, now(), WITH_WEEKS) if until else None,
        positions=frozenset(positions),
    )


def _to_builtins(value: Any) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return fields
