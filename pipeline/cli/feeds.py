"""`liaison feed`: validate, push, receipts, hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from pipeline.command_settings import from_environment
from pipeline.correlation.hits import Hit
from pipeline.feeds.checking import Checker, LineProblem, LineWarning
from pipeline.feeds.client import FeedClient
from pipeline.feeds.files import FileSurvey, numbered_lines, survey_file
from pipeline.feeds.gateway_client import Gateway
from pipeline.feeds.pushing import PushResult, match_receipts, read_file_lines, upload_name
from pipeline.feeds.signing import RecordSigner, read_signer
from pipeline.matching.bands import Basis
from pipeline.ops.command_output import FAILED, JsonLinesOption
from pipeline.progress_bars import show_bars
from pipeline.records.messages import Outcome, Position, Reason, Receipt, offsets_of
from pipeline.times import now, point_in_time

T = TypeVar("T")

AGAIN_HINT = (
    "a line whose cause of rejection was outside the file is sent again, once that is mended, by the same command with"
    " --again rejected"
)

MEND_HINT = "what is wrong with a rejected line is in the file: mend it there and push the file again"

OUTSIDE_THE_FILE = frozenset(
    {Reason.UNKNOWN_AGENCY, Reason.FOREIGN_AGENCY, Reason.UNSIGNED, Reason.BAD_SIGNATURE, Reason.UNREADABLE_BATCH}
)
"""Why a line may be rejected that is taken as it is, once something else is mended: a registration, a key, a limit."""


class ResentLines(StrEnum):
    """What `push` sends again."""

    REJECTED = "rejected"


File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Case records, one JSON per line.")]
OwnerOption = Annotated[str, typer.Option("--agency", help="The agency that owns the records.")]
SinceOption = Annotated[str, typer.Option(help="Only since: 10m, 2h, 7d, or 2026-11-24T10:00 (UTC).")]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Keep waiting for new ones until Ctrl-C.")]
LimitOption = Annotated[int, typer.Option(min=0, help="Stop after this many; 0: show all.")]


def validate(
    file: File,
    agency: OwnerOption,
    country: Annotated[str, typer.Option(help="The agency's country (FR); by default the first record's.")] = "",
    as_json: JsonLinesOption = False,
) -> None:
    """Check a file offline as intake will; exit 1 if a record would be rejected.

    A record is a line. JSON of another layout (an array, objects over several lines) is read as its objects, and faults
    name the third of them as "record 3".

    What is doubtful, as an unknown country or a wrong check digit, is a warning as on the receipt, and changes nothing.
    Signatures are checked by `liaison feed verify-case`.
    """
    checker, bad = Checker(agency, country, warn=True), 0
    seen = survey_file(file)
    places, total = seen.name_places(file), seen.lines
    with show_bars() as display:
        lines = display.track(numbered_lines(file), total=total, description="Checking")
        for checked in checker.check_lines(lines):
            bad += bool(checked.problems)
            print_problems(places, checked.problems, as_json=as_json)
            print_warnings(places, checked.warnings, as_json=as_json)
    typer.echo(f"{total - bad:,} of {total:,} {'lines' if seen.by_line else 'records'} valid", err=True)
    if bad:
        raise typer.Exit(FAILED)


def push(
    file: File,
    agency: OwnerOption,
    validate: Annotated[
        bool, typer.Option(help="Check first; skip and report records that intake would reject.")
    ] = True,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for receipts and report rejections.")] = False,
    timeout: Annotated[float | None, typer.Option(help="Wait at most this many seconds.")] = None,
    gateway: Annotated[
        str, typer.Option(help="Send to this API (https://...) instead of Kafka; always waits for receipts.")
    ] = "",
    token: Annotated[str, typer.Option(envvar="LIAISON_TOKEN", help="For --gateway: token with the role feed.")] = "",
    sign: Annotated[
        Path | None,
        typer.Option(
            "--sign", exists=True, dir_okay=False, help="Sign each record with this private key (PEM or JWK)."
        ),
    ] = None,
    again: Annotated[
        ResentLines | None,
        typer.Option(help="Send the rejected lines once more, after what was wrong outside the file is mended."),
    ] = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Send each record as one message, exactly once.

    A record is a line, or an object of JSON in any other layout. Run the same command again to continue after an
    interruption; if everything was sent, it sends nothing. With --again rejected it sends those lines that intake did
    not take, such as records whose key was not registered yet. Exit 1 if a line was skipped or, with --wait, rejected.
    """
    if again and gateway:
        raise typer.BadParameter("--again reads receipts from Kafka; it can't go with --gateway")
    signer = read_signer(agency, sign, now()) if sign else None
    pushed = _PushedFile(file, agency, survey_file(file), validate, signer)
    if gateway:
        good = _push_to_gateway(pushed, gateway, token, as_json=as_json)
    else:
        good = _push_to_kafka(pushed, wait=wait, timeout_s=timeout, again=again is not None, as_json=as_json)
    if not good:
        raise typer.Exit(FAILED)


@dataclass(frozen=True)
class _PushedFile:
    """A file of records, and how it is sent; without a signer the lines go as they are."""

    path: Path
    agency: str
    seen: FileSurvey
    validate: bool
    signer: RecordSigner | None

    @property
    def places(self) -> str:
        """What names a record of the file with its number behind."""
        return self.seen.name_places(self.path)

    @property
    def upload_name(self) -> str:
        """The name under which the same command sends nothing twice."""
        return upload_name(self.seen, validated=self.validate, signed_by=self.signer.mark if self.signer else "")


def _push_to_kafka(file: _PushedFile, *, wait: bool, timeout_s: float | None, again: bool, as_json: bool) -> bool:
    """Whether no line was left out or, if waited for, rejected."""
    places: dict[tuple[str, int], int] | None = {} if wait else None
    with FeedClient(file.agency) as client, show_bars() as display:
        task = display.add_task("Sending", total=file.seen.lines)

        def advance(lines: int) -> None:
            display.advance(task, lines)

        def read_lines() -> Iterator[bytes]:
            return read_file_lines(file.path, file.seen, places)

        if again:
            pushed = client.push_again(
                file.upload_name,
                read_lines,
                validate=file.validate,
                signer=file.signer,
                timeout_s=timeout_s,
                advance=advance,
            )
        else:
            pushed = client.push(
                file.upload_name, read_lines(), validate=file.validate, signer=file.signer, advance=advance
            )
        print_problems(file.places, pushed.problems, as_json=as_json)
        typer.echo(summarise_push(pushed, file.agency), err=True)
        if places is None:
            if pushed.before and not (pushed.sent or again):
                typer.echo(AGAIN_HINT, err=True)
            return not pushed.left_out
        waiting = display.add_task("Waiting for receipts", total=pushed.sent + pushed.before)
        reasons = set[str]()
        receipts = _note_reasons(match_receipts(client.receipts_of(pushed, timeout_s=timeout_s), places), reasons)
        counted = print_outcomes(file.places, display.track(receipts, task_id=waiting), as_json=as_json)
        typer.echo(", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counted.items())), err=True)
        for hint in tell_what_helps(reasons):
            typer.echo(hint, err=True)
        return not (pushed.left_out or counted["rejected"])


def _note_reasons(found: Iterable[tuple[int, Receipt]], reasons: set[str]) -> Iterator[tuple[int, Receipt]]:
    """The same receipts; `reasons` learns why records were rejected."""
    for line, receipt in found:
        if receipt.reason:
            reasons.add(receipt.reason)
        yield line, receipt


def tell_what_helps(reasons: Set[str]) -> Iterator[str]:
    """What is to be done about lines that were rejected for these reasons."""
    if reasons - OUTSIDE_THE_FILE:
        yield MEND_HINT
    if reasons & OUTSIDE_THE_FILE:
        yield AGAIN_HINT


def _push_to_gateway(file: _PushedFile, url: str, token: str, *, as_json: bool) -> bool:
    """Whether every line was taken and none rejected or unanswered."""
    with show_bars() as display:
        task = display.add_task("Sending", total=file.path.stat().st_size)
        answer = Gateway(url, token, from_environment().api_ca_file).post_file(
            file.path,
            file.agency,
            file.upload_name,
            validate=file.validate,
            signer=file.signer,
            advance=lambda size: display.advance(task, size),
        )
        return print_answer(file.places, answer, file.agency, as_json=as_json)


def receipts(
    agency: OwnerOption,
    outcome: Annotated[list[str] | None, typer.Option(help="Only accepted, duplicate or rejected; repeatable.")] = None,
    since: SinceOption = "",
    follow: FollowOption = False,
    limit: LimitOption = 0,
    as_json: JsonLinesOption = False,
) -> None:
    """Show the outcome of the agency's messages, one line per message."""
    wanted = frozenset(outcome or Outcome)
    if unknown := wanted - set(Outcome):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: outcomes are {', '.join(Outcome)}")
    with _until_interrupted(), FeedClient(agency) as client:
        found = client.receipts(since=_parse_time(since), follow=follow)
        print_each(
            _limit_items((receipt for receipt in found if receipt.outcome in wanted), limit),
            receipt_line,
            as_json=as_json,
        )


def hits(
    agency: OwnerOption,
    since: SinceOption = "",
    follow: FollowOption = False,
    limit: LimitOption = 0,
    as_json: JsonLinesOption = False,
) -> None:
    """Show which of the agency's cases were linked, whom to contact, and which links have gone."""
    with _until_interrupted(), FeedClient(agency) as client:
        print_each(_limit_items(client.hits(since=_parse_time(since), follow=follow), limit), hit_line, as_json=as_json)


def _parse_time(text: str) -> datetime | None:
    return point_in_time(text, datetime.now(UTC)) if text else None


def _limit_items(found: Iterable[T], limit: int) -> Iterable[T]:
    return islice(found, limit) if limit else found


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C is how following ends: no failure."""
    with suppress(KeyboardInterrupt):
        yield


def summarise_push(pushed: PushResult, agency: str) -> str:
    """What a push did, in one line."""
    before = f", {pushed.before:,} had been sent before" if pushed.before else ""
    left_out = f", {pushed.left_out:,} left out" if pushed.left_out else ""
    return f"{pushed.sent:,} lines sent to {agency}{before}{left_out}"


def print_outcomes(places: str, found: Iterable[tuple[int, Receipt]], *, as_json: bool) -> Counter[str]:
    """Print receipts with the line that each is for, as text only those of rejected ones; returns a count of all."""
    counted: Counter[str] = Counter()
    for line, receipt in found:
        counted[receipt.outcome] += len(receipt.offsets)
        if as_json:
            typer.echo(msgspec.json.encode({"line": line} | msgspec.to_builtins(receipt)))
        elif receipt.reason:
            typer.echo(f"{places}{line or '?'}: {receipt.pointer or '/'}: {receipt.reason}: {receipt.message}")
    return counted


def print_answer(places: str, answer: Iterable[dict[str, Any]], agency: str, *, as_json: bool) -> bool:
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
            _print_line(places, line, as_json=as_json)
    outcomes = {name: counted[name] for name in ("accepted", "duplicate", "rejected", "unanswered") if counted[name]}
    typer.echo(", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items()), err=True)
    return not any(counted[name] for name in ("left_out", "rejected", "unanswered"))


def _print_line(places: str, line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(line))
    elif line.get("reason"):
        place = f"{places}{line['line'] or '?'}: {line.get('pointer') or '/'}"
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


def print_problems(places: str, problems: Iterable[LineProblem], *, as_json: bool) -> None:
    """Print each problem with its place in the file, as `places` begins it, and JSON pointer."""
    for problem in problems:
        if as_json:
            typer.echo(msgspec.json.encode(problem))
        else:
            typer.echo(f"{places}{problem.line}: {problem.pointer or '/'}: {problem.reason}: {problem.message}")


def print_warnings(places: str, warnings: Iterable[LineWarning], *, as_json: bool) -> None:
    """Print each warning likewise."""
    for one in warnings:
        if as_json:
            typer.echo(msgspec.json.encode(one))
        else:
            typer.echo(f"{places}{one.line}: {one.pointer}: warning: {one.message} ({one.warning})")
