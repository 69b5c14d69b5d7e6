"""`liaison ops policy explain`; heavy imports live inside the functions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.command_settings import from_environment
from pipeline.ops.json_output import JsonObjectOption

if TYPE_CHECKING:
    from pipeline.access.case_visibility import AgencyView, CaseVisibility, HandlingWords


def register(ops: typer.Typer) -> None:
    """Add `policy explain` to `ops`."""
    policy = typer.Typer(help="Who has access to what, and why.", no_args_is_help=True)
    policy.callback()(_policy_group)
    policy.command("explain", epilog="Example: liaison ops policy explain fr-pj:2026-004711 --handling H2")(
        explain_case_access
    )
    ops.add_typer(policy, name="policy")


def _policy_group() -> None:
    """Keeps `explain` a word of its own: Typer would fold a group of one command."""


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
    from pipeline.access.case_visibility import HandlingChangeError, handling_change
    from pipeline.ops.policy.run import explain_policy
    from pipeline.times import now

    try:
        change = handling_change(handling, _split_words(releasable_to), _split_words(purposes))
    except HandlingChangeError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.field.replace('_', '-')}") from error
    found = asyncio.run(explain_policy(from_environment(), key, change, now))
    if as_json:
        import msgspec

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
