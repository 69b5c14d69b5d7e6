"""`liaison ops subject-report`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment

if TYPE_CHECKING:
    from pipeline.ops.subject_report.policy import SubjectRecord, SubjectReport


def register(ops: typer.Typer) -> None:
    """Add `subject-report` to `ops`."""
    example = 'Example: liaison ops subject-report "Ivan Petrov 1980-05-14" --agency fr-pj --json > report.json'
    ops.command("subject-report", epilog=example)(subject_report)


def subject_report(
    question: Annotated[str, typer.Argument(help="The person, as in a search: name, date of birth, numbers.")],
    agency: Annotated[str, typer.Option(help="The agency that received the request.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with the records' parts.")] = False,
) -> None:
    """Prepare an agency's answer to a person's access request: its own records of the person, and who saw them.

    Only the parts of each record that match the search are given; someone at the agency decides whether they are about
    this person. National topics and rejected messages, which are kept for 7 days, are not searched.
    """
    from rich.console import Console

    from pipeline.ops.subject_report.run import subject_report as made
    from pipeline.times import now

    with Console(stderr=True).status("Reading records and the audit trail ..."):
        report = asyncio.run(made(from_environment(), agency, question, now))
    if as_json:
        _print_json(report)
        return
    for record in report.records:
        _print_record(record)
    typer.echo(
        f"{len(report.records)} records of {agency}{'' if report.complete else ', and more; add details to the search'}"
    )


def _print_record(record: SubjectRecord) -> None:
    typer.echo(
        f"{record.case}\tversion {record.version}\t{record.status}\t{record.band}"
        f"\tkept until {record.retain_until or '-'}"
    )
    for entity in record.entities:
        typer.echo(f"  {json.dumps(entity, ensure_ascii=False)}")
    for access in record.accesses:
        who = f"{access.agency} {access.subject or ''}".strip()
        typer.echo(f"  shown\t{access.time}\t{who}\t{access.kind}\t{access.purpose or '-'}\t{access.form}")
    for thread in record.disclosures:
        typer.echo(f"  disclosure\t{thread.since}\t{thread.agency}\t{thread.state}\tuntil {thread.until or '-'}")


def _print_json(report: SubjectReport) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(report).decode())
