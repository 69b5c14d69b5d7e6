"""`liaison ops retention`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonObjectOption, print_json

if TYPE_CHECKING:
    from collections.abc import Sized

    from pipeline.ops.retention.policy import RetentionPlan


def register(ops: typer.Typer) -> None:
    """Add `retention` to `ops`."""
    ops.command("retention", epilog="Example: liaison ops retention --dry-run")(apply_retention)


def apply_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what is due; change nothing.")] = False,
    days: Annotated[int, typer.Option(min=0, help="Show cases that expire within this many days.")] = 183,
    query_months: Annotated[int, typer.Option(min=1, help="Full months that audited query text stays readable.")] = 36,
    as_json: JsonObjectOption = False,
) -> None:
    """End expired cases, and report which cases expire when; run it daily.

    Cases whose `retain_until` has passed are invisible at once; this has intake end them, so that their content leaves
    the index, and Kafka as it compacts. A version with a later date brings such a case back. Owners are notified half a
    year before. It also ends alerts a week after they expired, reduces reviews of withdrawn or expired cases to keys
    and decision, and deletes old keys of audited query text.
    """
    from datetime import timedelta

    from rich.console import Console

    from pipeline.ops.operation import audit_operation
    from pipeline.ops.retention.run import apply_retention_plan, plan_retention
    from pipeline.times import now

    settings = from_environment()

    async def done() -> RetentionPlan:
        plan = await plan_retention(settings, now(), now() + timedelta(days=days), query_months)
        if not dry_run:
            async with audit_operation(settings, "retention"):
                await apply_retention_plan(settings, plan)
        return plan

    with Console(stderr=True).status("Reading cases and decisions ..."):
        plan = asyncio.run(done())
    if as_json:
        print_json(plan_document(plan, dry_run))
    else:
        _print_plan(plan, dry_run)


def _print_plan(plan: RetentionPlan, dry_run: bool) -> None:
    for expiry in plan.expiries:
        typer.echo(
            f"{expiry.month}\t{expiry.agency}\t{expiry.cases:,} cases {'have expired' if expiry.past else 'expire'}"
        )
    if dry_run:
        for case in plan.cases:
            typer.echo(f"{case.case}\tversion {case.version} would end")
    _print_count("cases", "ended", plan.cases, dry_run)
    _print_count("notifications of cases that expire", "sent", plan.notices, dry_run)
    _print_count("alerts", "ended", plan.subscriptions, dry_run)
    _print_count("reviews", "reduced to keys and decision", plan.reviews, dry_run)
    _print_count("monthly keys of query text", "deleted", plan.months, dry_run)


def plan_document(plan: RetentionPlan, dry_run: bool) -> dict[str, Any]:
    """A plan for scripts: keys, ids and counts, nothing of what was asked or said."""
    import msgspec

    return {
        "expiries": msgspec.to_builtins(plan.expiries),
        "cases": [case.case for case in plan.cases],
        "notices": [notice.case for notice in plan.notices],
        "subscriptions": [subscription.id for subscription in plan.subscriptions],
        "reviews": [review.id for review in plan.reviews],
        "months": list(plan.months),
        "dry_run": dry_run,
    }


def _print_count(what: str, done: str, those: Sized, dry_run: bool) -> None:
    typer.echo(f"{len(those)} {what} {'would be ' if dry_run else ''}{done}")
