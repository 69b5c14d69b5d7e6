"""What schemathesis is told beside the document: a list is sent as what was generated for it, as text."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")  # type: ignore[untyped-decorator] # in an environment of its own
def as_text(_: Any, value: Any) -> bytes:
    """The body's bytes."""
    return value if isinstance(value, bytes) else str(value).encode()
