"""Who operates, and that what they do is in the audit trail before it is done."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.access.audit import Act, ActKind, RequestRule, ShownCase
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import require_writer
from pipeline.times import now


def operator_name() -> str:
    """The user of this machine who runs the command."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # a container's user without a name
        return f"unnamed@{socket.gethostname()}"


async def record_operation(settings: Settings, what: str, shown: tuple[ShownCase, ...] = ()) -> None:
    """Record an operation that then follows, and what it shows. Raises AuditError: let it not follow then."""
    async with audit_operation(settings, what, shown=shown):
        pass


@asynccontextmanager
async def audit_operation(
    settings: Settings, what: str, *, subject: str = "", agency: str = "", shown: tuple[ShownCase, ...] = ()
) -> AsyncIterator[None]:
    """Record the operation, then let it happen. Raises AuditError, and then nothing has happened.

    Raises LiaisonError, within seconds, for credentials that may not record it, such as an agency's.

    `what` holds no personal data; `subject` and `agency` are a token's, else the local operator's.
    """
    await asyncio.to_thread(require_writer, settings, topics.topic_name(settings, topics.AUDIT))
    async with audit_log(settings, now) as log:
        who = subject or operator_name()
        rule = RequestRule.COMMAND
        await log.write(Act(ActKind.OPERATION, subject=who, agency=agency, object=what, shown=shown, rule=rule))
        yield
