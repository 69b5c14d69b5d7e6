"""`liaison ops policy explain`: who could see one case, and why; on record before anybody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from pipeline.access.audit import ShownCase, ShownForm
from pipeline.access.case_visibility import (
    AgencyView,
    CaseVisibility,
    HandlingChange,
    HandlingChangeError,
    HandlingWords,
    explain_visibility,
    handling_change,
)
from pipeline.access.release import CaseMeta, Grant, Rule
from pipeline.command_settings import from_environment
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader
from pipeline.index.documents import case_meta
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import STATE_FIELDS, IndexReader
from pipeline.ops.command_output import JsonObjectOption
from pipeline.ops.operation import record_operation
from pipeline.records.agencies import Registry
from pipeline.settings import Settings
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import Clock, now


def explain_case_access(
    key: Annotated[str, typer.Argument(help="Case key, <agency>:<case id>.")],
    handling: Annotated[str | None, typer.Option(help="Simulate this handling code: H0 to H3.")] = None,
    releasable_to: Annotated[
        str | None, typer.Option(help='Simulate release to these countries: BE,DE or *; "" for none.')
    ] = None,
    purposes: Annotated[str | None, typer.Option(help="Simulate these purposes, separated by commas.")] = None,
    as_json: JsonObjectOption = False,
) -> None:
    """Show what each agency sees of a case for each purpose, by which rule, and what other handling would change.

    The command is audited, and the case's owner sees that.
    """
    try:
        change = handling_change(handling, _split_words(releasable_to), _split_words(purposes))
    except HandlingChangeError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.field.replace('_', '-')}") from error
    found = asyncio.run(explain_policy(from_environment(), key, change, now))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for line in visibility_lines(found):
        typer.echo(line)


def visibility_lines(found: CaseVisibility) -> Iterator[str]:
    """The explanation as text, a line for all purposes of an agency that are decided alike."""
    yield f"{found.case}\t{_format_handling(found.handling)}"
    if found.changed:
        yield f"what if\t{_format_handling(found.changed)}"
    alike: dict[tuple[object, ...], list[AgencyView]] = {}
    for agency in found.agencies:
        alike.setdefault((agency.agency, agency.rule, agency.changed_rule), []).append(agency)
    yield from (_format_views(each) for each in alike.values())
    for person in found.people:
        then = "" if person.changed_purposes is None else f"\t-> {','.join(person.changed_purposes) or 'none'}"
        until = person.until.isoformat(timespec="minutes")
        yield f"{person.agency}\t{person.subject}\t{','.join(person.purposes)}\tbreak_glass until {until}{then}"


def _format_views(alike: list[AgencyView]) -> str:
    view = alike[0]
    who = f"{view.agency} {view.country}" if view.agency else "operator"
    then = f"\t-> {view.changed_view} {view.changed_rule}" if view.changed_rule not in (None, view.rule) else ""
    return f"{who}\t{','.join(each.purpose for each in alike)}\t{view.view} {view.rule}{then}"


def _format_handling(words: HandlingWords) -> str:
    return f"{words.code} to {','.join(words.releasable_to) or 'nobody'} for {','.join(words.purposes) or 'nothing'}"


def _split_words(text: str | None) -> list[str] | None:
    return None if text is None else text.replace(",", " ").split()


async def explain_policy(settings: Settings, key: str, change: HandlingChange, clock: Clock) -> CaseVisibility:
    """Who could see the case `key` now, and what the change would change.

    Raises LiaisonError where there is no live case of this key, or where the question can't be recorded.
    """
    registered = await read_agencies(settings)
    case, grants = await _read_case(settings, key, registered)
    found = explain_visibility(case, registered.values(), grants, clock(), change)
    await record_operation(settings, "policy explain", (ShownCase(key, ShownForm.FULL, Rule.OPERATOR),))
    return found


async def _read_case(settings: Settings, key: str, registered: Registry) -> tuple[CaseMeta, tuple[Grant, ...]]:
    async with connect(settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})) as client:
        indices = Indices(settings.namespace, "")
        document = (await IndexReader(client, indices).read_cases([key], STATE_FIELDS)).get(key)
        if document is None:
            raise LiaisonError("there is no live case {key}", key=key)
        decisions = DecisionReader(client, indices, key_ring(settings))
        return case_meta(document), await decisions.grants_on(key, registered)
