"""`liaison ops sessions`: ends all sessions of a user."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from pipeline.access.revocations import Revocation
from pipeline.command_settings import from_environment
from pipeline.ops.operation import audit_operation, operator_name
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.times import now


def end_sessions(
    subject: Annotated[str, typer.Option(help="The user, as in tokens (`sub`).")],
    agency: Annotated[str, typer.Option(help="The user's agency.")],
) -> None:
    """End all sessions of a user: tokens issued until now stop working.

    To lock the user out, have the identity provider issue no further token.
    Example: liaison ops sessions end --subject anna --agency fr-pj
    """
    settings = from_environment()

    async def end() -> None:
        at = now()
        until = at + settings.longest_token_use
        ended = Revocation(operator_name(), at, until, agency=agency, subject=subject)
        async with audit_operation(settings, f"sessions end in {agency}"), DecisionLog(settings) as log:
            await log.write(topics.REVOCATIONS, ended.key, ended)

    asyncio.run(end())
    typer.echo(f"sessions of {subject} ({agency}) ended", err=True)
