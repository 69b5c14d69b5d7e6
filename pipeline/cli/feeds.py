"""`liaison feed`: validate, push, receipts, hits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from pipeline.cli import audit_proofs as audit_commands
from pipeline.cli import mapping as mapping_commands
from pipeline.cli import signing as signing_commands
from pipeline.command_settings import from_environment
from pipeline.ops.exit_codes import FAILED
from pipeline.ops.json_output import JsonLinesOption

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pipeline.feeds.files import FileSurvey
    from pipeline.feeds.signing import RecordSigner

T = TypeVar("T")

AGAIN_HINT = (
    "a line whose cause of rejection was outside the file is sent again, once that is mended, by the same command with"
    " --again rejected"
)


class ResentLines(StrEnum):
    """What `push` sends again."""

    REJECTED = "rejected"


File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Case records, one JSON per line.")]
OwnerOption = Annotated[str, typer.Option("--agency", help="The agency that owns the records.")]
SinceOption = Annotated[str, typer.Option(help="Only since: 10m, 2h, 7d, or 2026-11-24T10:00 (UTC).")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Keep waiting for new ones until Ctrl-C.")]
LimitOption = Annotated[int, typer.Option(min=0, help="Stop after this many; 0: show all.")]


def register(root: typer.Typer) -> None:
    """Add `feed` to the root command."""
    feed = typer.Typer(
        help="For agencies: map, check and send case records; read receipts and hits.", no_args_is_help=True
    )
    feed.command(epilog="Example: liaison feed validate cases.ndjson --agency fr-pj")(validate)
    feed.command(epilog="Example: liaison feed push cases.ndjson --agency fr-pj --wait")(push)
    feed.command(epilog="Example: liaison feed receipts --agency fr-pj --outcome rejected --since 2h")(receipts)
    feed.command(epilog="Example: liaison feed hits --agency fr-pj --follow --json")(hits)
    mapping_commands.register(feed)
    audit_commands.register(feed)
    signing_commands.register(feed)
    root.add_typer(feed, name="feed", rich_help_panel="For agencies")


def validate(
    file: File,
    agency: OwnerOption,
    country: Annotated[str, typer.Option(help="The agency's country (FR); by default the first record's.")] = "",
    as_json: JsonLinesOption = False,
) -> None:
    """Check a file offline as intake will; exit 1 if a line would be rejected.

    What is doubtful, as an unknown country or a wrong check digit, is a warning as on the receipt, and changes nothing.
    Signatures are checked by `liaison feed verify-case`.
    """
    from pipeline.cli.rendering.receipts import print_problems, print_warnings
    from pipeline.feeds.checking import Checker
    from pipeline.feeds.files import numbered_lines, survey_file
    from pipeline.progress_bars import show_bars

    checker, bad = Checker(agency, country, warn=True), 0
    total = survey_file(file).lines
    with show_bars() as display:
        lines = display.track(numbered_lines(file), total=total, description="Checking")
        for checked in checker.check_lines(lines):
            bad += bool(checked.problems)
            print_problems(file, checked.problems, as_json=as_json)
            print_warnings(file, checked.warnings, as_json=as_json)
    typer.echo(f"{total - bad:,} of {total:,} lines valid", err=True)
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
    """Send each line as one message, exactly once.

    Run the same command again to continue after an interruption; if everything was sent, it sends nothing. With
    --again rejected it sends those lines that intake did not take, such as records whose key was not registered yet.
    Exit 1 if a line was skipped or, with --wait, rejected.
    """
    from pipeline.feeds.files import survey_file

    if again and gateway:
        raise typer.BadParameter("--again reads receipts from Kafka; it can't go with --gateway")
    pushed = _PushedFile(file, agency, survey_file(file), validate, _make_signer(agency, sign))
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
    def upload_name(self) -> str:
        """The name under which the same command sends nothing twice."""
        from pipeline.feeds.sending import upload_name

        return upload_name(self.seen, validated=self.validate, signed_by=self.signer.mark if self.signer else "")


def _make_signer(agency: str, key: Path | None) -> RecordSigner | None:
    from pipeline.feeds.signing import read_signer
    from pipeline.times import now

    return read_signer(agency, key, now()) if key else None


def _push_to_kafka(file: _PushedFile, *, wait: bool, timeout_s: float | None, again: bool, as_json: bool) -> bool:
    """Whether no line was left out or, if waited for, rejected."""
    from pipeline.cli.rendering.receipts import print_outcomes, print_problems, summarise_push
    from pipeline.feeds.client import FeedClient
    from pipeline.feeds.sending import match_receipts, read_file_lines
    from pipeline.progress_bars import show_bars

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
        print_problems(file.path, pushed.problems, as_json=as_json)
        typer.echo(summarise_push(pushed, file.agency), err=True)
        if pushed.before and not (pushed.sent or again):
            typer.echo(AGAIN_HINT, err=True)
        if places is None:
            return not pushed.left_out
        waiting = display.add_task("Waiting for receipts", total=pushed.sent + pushed.before)
        receipts = match_receipts(client.receipts_of(pushed, timeout_s=timeout_s), places)
        counted = print_outcomes(file.path, display.track(receipts, task_id=waiting), as_json=as_json)
        typer.echo(", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counted.items())), err=True)
        if counted["rejected"]:
            typer.echo(AGAIN_HINT, err=True)
        return not (pushed.left_out or counted["rejected"])


def _push_to_gateway(file: _PushedFile, url: str, token: str, *, as_json: bool) -> bool:
    """Whether every line was taken and none rejected or unanswered."""
    from pipeline.cli.rendering.receipts import print_answer
    from pipeline.feeds.gateway_client import Gateway
    from pipeline.progress_bars import show_bars

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
        return print_answer(file.path, answer, file.agency, as_json=as_json)


def receipts(
    agency: OwnerOption,
    outcome: Annotated[list[str] | None, typer.Option(help="Only accepted, duplicate or rejected; repeatable.")] = None,
    since: SinceOption = "",
    follow: Follow = False,
    limit: LimitOption = 0,
    as_json: JsonLinesOption = False,
) -> None:
    """Show the outcome of the agency's messages, one line per message."""
    from pipeline.cli.rendering.receipts import print_each, receipt_line
    from pipeline.feeds.client import FeedClient
    from pipeline.records.messages import Outcome

    wanted = _parse_outcomes(outcome or list(Outcome))
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
    follow: Follow = False,
    limit: LimitOption = 0,
    as_json: JsonLinesOption = False,
) -> None:
    """Show which of the agency's cases were linked, whom to contact, and which links have gone."""
    from pipeline.cli.rendering.receipts import hit_line, print_each
    from pipeline.feeds.client import FeedClient

    with _until_interrupted(), FeedClient(agency) as client:
        print_each(_limit_items(client.hits(since=_parse_time(since), follow=follow), limit), hit_line, as_json=as_json)


def _parse_outcomes(wanted: list[str]) -> frozenset[str]:
    from pipeline.records.messages import Outcome

    if unknown := set(wanted) - set(Outcome):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: outcomes are {', '.join(Outcome)}")
    return frozenset(wanted)


def _parse_time(text: str) -> datetime | None:
    from datetime import UTC, datetime

    from pipeline.times import point_in_time

    return point_in_time(text, datetime.now(UTC)) if text else None


def _limit_items(found: Iterable[T], limit: int) -> Iterable[T]:
    from itertools import islice

    return islice(found, limit) if limit else found


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C is how following ends: no failure."""
    with suppress(KeyboardInterrupt):
        yield
