"""The CloudEvents 1.0 envelope around a case: what one Kafka message holds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from pipeline.records.model import Case

RECORD_TYPE = "org.liaison.case.v1"
"""CloudEvents `type` of the record; the last part is the record's major version."""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """CloudEvents 1.0 attributes around one case; traceparent and tracestate are its distributed-tracing extension.

    `signature` is an extension of ours (pipeline.records.signatures).
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["org.liaison.case.v1"]
    data: Case
    time: str | None = None
    subject: str | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    signature: str | None = None
