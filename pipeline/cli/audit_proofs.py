"""`liaison feed witness`, `heads`, `accesses`, `verify-audit`: an agency proves for itself who saw its records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.feeds.gateway_client import fetch_accesses, fetch_tag_keys
from pipeline.feeds.witnessing import WitnessFolder, compare_with_others, publish_head, read_log
from pipeline.ops.command_output import FAILED, JsonLinesOption
from pipeline.settings import Settings
from pipeline.transparency.log_records import HeadRecord, decode_head
from pipeline.transparency.offline import describe_unread, read_proofs, size_of_answer, verify_answer
from pipeline.transparency.witness import LogFinding, Witness

OwnAgencyOption = Annotated[str, typer.Option("--agency", help="Your agency.")]
ProofFolder = Annotated[
    Path | None, typer.Option("--folder", help="Folder of the witness's state; by default under LIAISON_HOME.")
]
LogKey = Annotated[str, typer.Option("--log-key", help="The log's verifier key; needed the first time only.")]
TagKeyFile = Annotated[
    Path | None, typer.Option("--tag-keys", exists=True, dir_okay=False, help="Your agency's tag keys, as JSON.")
]


def witness(
    agency: OwnAgencyOption,
    log_key: LogKey = "",
    tag_keys: TagKeyFile = None,
    folder: ProofFolder = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep running until Ctrl-C.")] = False,
    publish: Annotated[bool, typer.Option(help="Countersign heads and publish that to all agencies.")] = True,
    as_json: JsonLinesOption = False,
) -> None:
    """Keep the audit log's heads and hashes, check that it only grows, and compare with other agencies' witnesses.

    Exit 1 if anything does not match, or leaves bear tags under a key that `feed accesses` was not given; the evidence
    is kept. Keys that were not asked for since their leaves came are named, and are no fault; so are agencies whose
    heads could not be read.
    """
    settings = from_environment()
    kept, others = _open_witness_folder(settings, agency, folder, log_key, tag_keys), list[str]()
    with closing(kept.open_witness()) as seen:
        with suppress(KeyboardInterrupt):
            asyncio.run(_witness_log(settings, kept, seen, agency, others, follow=follow, publish=publish))
        withheld, unasked = seen.judge_keys()
        found = [*seen.read_findings(), *withheld]
        unchecked = [*describe_unread(unasked), *others]
        _report_findings(found, _describe_witness(seen), unchecked, as_json=as_json)


def heads(agency: OwnAgencyOption, folder: ProofFolder = None) -> None:
    """Print the witnessed heads, one JSON object per line, for another agency to compare with its own."""
    with closing(_open_witness_folder(from_environment(), agency, folder).open_witness()) as seen:
        for head in seen.read_heads():
            typer.echo(msgspec.json.encode(HeadRecord(head.note)))


def accesses(
    agency: OwnAgencyOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Output file for the proofs.")],
    token: Annotated[str, typer.Option(envvar="LIAISON_TOKEN", help="Token with the role auditor.")],
    case_reference: Annotated[str, typer.Option("--case-ref", help="Your case reference.")] = "audit",
    folder: ProofFolder = None,
) -> None:
    """Fetch the accesses to your records from the API, with proofs, and your tag keys anew.

    The keys are asked for last: whatever key a leaf under the proofs' head bears was there by then, so one that is not
    handed out is found by `feed verify-audit` and `feed witness`.
    """
    settings = from_environment()
    kept = _open_witness_folder(settings, agency, folder)
    with closing(kept.open_witness()) as seen:
        first = seen.size
    size = fetch_accesses(settings, token, case_reference, first, output)
    with output.open("rb") as lines:
        head = size_of_answer(lines, kept.log_key)
    kept.keep_tag_keys(fetch_tag_keys(settings, token, case_reference))
    with closing(kept.open_witness()) as seen:
        seen.note_keys_asked(max(first, head))
    typer.echo(f"{size:,} bytes written to {output}; check them: liaison feed verify-audit {output}", err=True)


def verify_audit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File written by `feed accesses`.")],
    agency: OwnAgencyOption,
    others: Annotated[
        list[Path] | None,
        typer.Option("--heads", exists=True, help="Heads of another agency's witness (`feed heads`)."),
    ] = None,
    folder: ProofFolder = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Check the fetched accesses to your records offline against the witnessed log; no server is trusted.

    Exit 1 if an access is withheld, altered or forged, the log was rewritten or forked, or leaves bear tags under a key
    that the server did not hand out with the accesses. What could not be checked is said, and what to run for it.
    """
    kept = _open_witness_folder(from_environment(), agency, folder)
    with file.open("rb") as lines:
        header, proofs = read_proofs(lines)
    with closing(kept.open_witness()) as seen:
        if not seen.is_scanned:
            raise LiaisonError(
                "the witnessed log was not yet looked through with these tag keys; run `liaison feed witness` first"
            )
        found = [line for path in others or [] for line in path.read_bytes().splitlines() if line.strip()]
        notes = [decode_head(line).head for line in found]
        verdict = verify_answer(seen, agency, kept.tag_keys, header, proofs, notes)
    if as_json:
        for each in verdict.accesses:
            typer.echo(msgspec.json.encode(each))
    own = f"{verdict.acted:,} acts of your people, {len(verdict.accesses) - verdict.acted:,} of others"
    warning = "" if verdict.acted else "; if your people have asked anything, your tag key is not the log's"
    said = f"{own} proven under the head of {verdict.size:,} leaves{warning}"
    _report_findings(verdict.findings, said, verdict.unchecked, as_json=as_json)


def _open_witness_folder(
    settings: Settings, agency: str, folder: Path | None, log_key: str = "", tag_keys: Path | None = None
) -> WitnessFolder:
    kept = WitnessFolder(folder or settings.home.expanduser() / "witness" / agency)
    if log_key:
        kept.pin_log_key(log_key)
    if tag_keys is not None:
        try:
            kept.keep_tag_keys(json.loads(tag_keys.read_text(encoding="utf-8"))["keys"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LiaisonError(f"{tag_keys} holds no tag keys: what GET /v1/audit/log/keys answers") from error
    return kept


async def _witness_log(
    settings: Settings,
    kept: WitnessFolder,
    seen: Witness,
    agency: str,
    others: list[str],
    *,
    follow: bool,
    publish: bool,
) -> None:
    """Read, compare, countersign; with `follow` again for each head that comes.

    `others` holds whose heads could not be read the last time, and why.
    """
    published = 0
    async with aclosing(_sizes_at_heads(read_log(settings, seen, follow=follow), seen)) as sizes:
        async for size in sizes:
            before, others[:] = list(others), await compare_with_others(settings, seen, agency)
            for each in others if follow and others != before else ():
                typer.echo(f"not checked: {each}", err=True)
            last = seen.last_head()
            if publish and last is not None and last.checkpoint.size > published:
                await publish_head(settings, agency, last, kept.signing_key(agency))
                published = last.checkpoint.size
            if follow:
                typer.echo(f"{size:,} leaves witnessed", err=True)


async def _sizes_at_heads(sizes: AsyncGenerator[int], seen: Witness) -> AsyncGenerator[int]:
    """The size whenever a new head is behind all that was read, and once at the end."""
    head, size = 0, seen.size
    async for size in sizes:
        last = seen.last_head()
        if last is not None and last.checkpoint.size > head:
            head = last.checkpoint.size
            yield size
    yield size


def _describe_witness(seen: Witness) -> str:
    last = seen.last_head()
    head = f"the last head has {last.checkpoint.size:,} and is of {last.checkpoint.time}" if last else "no head yet"
    return f"{seen.size:,} leaves, {len(seen.own_leaves()):,} with your tags; {head}"


def _report_findings(findings: Iterable[LogFinding], summary: str, unchecked: Iterable[str], *, as_json: bool) -> None:
    found = list(findings)
    for finding in found:
        line: Any = msgspec.json.encode(finding) if as_json else f"{finding.fault}\t{finding.at}\t{finding.told}"
        typer.echo(line)
    for each in unchecked:
        typer.echo(f"not checked: {each}", err=True)
    typer.echo(f"{summary}; {len(found)} faults", err=True)
    if found:
        raise typer.Exit(FAILED)
