"""How receipts, hits and problems are shown on a terminal and to scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from pipeline.correlation.hits import Hit
from pipeline.feeds.checking import LineProblem, LineWarning
from pipeline.feeds.pushing import PushResult
from pipeline.matching.basis import Basis
from pipeline.records.messages import Position, Receipt, offsets_of

T = TypeVar("T")


def summarise_push(pushed: PushResult, agency: str) -> str:
    """What a push did, in one line."""
    before = f", {pushed.before:,} had been sent before" if pushed.before else ""
    left_out = f", {pushed.left_out:,} left out" if pushed.left_out else ""
    return f"{pushed.sent:,} lines sent to {agency}{before}{left_out}"


def print_outcomes(file: Path, found: Iterable[tuple[int, Receipt]], *, as_json: bool) -> Counter[str]:
    """Print receipts with the line that each is for, as text only those of rejected ones; returns a count of all."""
    counted: Counter[str] = Counter()
    for line, receipt in found:
        counted[receipt.outcome] += len(receipt.offsets)
        if as_json:
            typer.echo(msgspec.json.encode({"line": line} | msgspec.to_builtins(receipt)))
        elif receipt.reason:
            typer.echo(f"{file}:{line or '?'}: {receipt.pointer or '/'}: {receipt.reason}: {receipt.message}")
    return counted


def print_answer(file: Path, answer: Iterable[dict[str, Any]], agency: str, *, as_json: bool) -> bool:
    """Print what a gateway answers; whether every line was taken and none rejected or unanswered."""
    counted: Counter[str] = Counter()
    for line in answer:
        if "sent" in line:
            counted["left_out"] = line["left_out"]
            typer.echo(summarise_push(PushResult(line["sent"], line["before"], line["left_out"]), agency), err=True)
        elif "unanswered" in line:
            counted["unanswered"] = line["unanswered"]
        else:
            position = msgspec.convert(line["position"], Position) if "position" in line else None
            counted[line.get("outcome", "")] += len(offsets_of(position, line.get("last_offset"))) if position else 1
            _print_line(file, line, as_json=as_json)
    outcomes = {name: counted[name] for name in ("accepted", "duplicate", "rejected", "unanswered") if counted[name]}
    typer.echo(", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items()), err=True)
    return not any(counted[name] for name in ("left_out", "rejected", "unanswered"))


def _print_line(file: Path, line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(line))
    elif line.get("reason"):
        place = f"{file}:{line['line'] or '?'}: {line.get('pointer') or '/'}"
        typer.echo(f"{place}: {line['reason']}: {line['message']}")


def print_each(found: Iterable[T], line: Callable[[T], str], *, as_json: bool) -> None:
    """Print each as it comes: as `line` makes it, or as JSON."""
    for item in found:
        typer.echo(msgspec.json.encode(item) if as_json else line(item))


def receipt_line(receipt: Receipt) -> str:
    """A receipt in one line."""
    record = f"{receipt.case} v{receipt.version}" if receipt.case else place_of(receipt)
    problem = f"{receipt.pointer or '/'}: {receipt.reason}: {receipt.message}" if receipt.reason else ""
    warnings = ", ".join(f"{warning.pointer} {warning.code}" for warning in receipt.warnings)
    return "  ".join(part for part in (receipt.time, f"{receipt.outcome:<9}", record, problem, warnings) if part)


def place_of(receipt: Receipt) -> str:
    """The source position of a receipt; `topic-partition-first..last` for a batch that can't be read."""
    return f"{receipt.position}" if receipt.last_offset is None else f"{receipt.position}..{receipt.last_offset}"


def hit_line(hit: Hit) -> str:
    """A hit in one line."""
    contact = " ".join(part for part in (hit.contact.unit, hit.contact.email, hit.contact.phone) if part)
    shared = "shared number" if hit.basis is Basis.SHARED else ""
    return "  ".join(
        part for part in (f"{hit.kind:<9}", hit.case, hit.agency, hit.band, shared, contact, hit.reference) if part
    )


def print_problems(file: Path, problems: Iterable[LineProblem], *, as_json: bool) -> None:
    """Print each problem with file, line and JSON pointer."""
    for problem in problems:
        if as_json:
            typer.echo(msgspec.json.encode(problem))
        else:
            typer.echo(f"{file}:{problem.line}: {problem.pointer or '/'}: {problem.reason}: {problem.message}")


def print_warnings(file: Path, warnings: Iterable[LineWarning], *, as_json: bool) -> None:
    """Print each warning with file, line and JSON pointer."""
    for one in warnings:
        if as_json:
            typer.echo(msgspec.json.encode(one))
        else:
            typer.echo(f"{file}:{one.line}: {one.pointer}: warning: {one.message} ({one.warning})")
