"""A fingerprint derived from an accepted version is the one that intake would have made with that model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from pipeline.correlation.fingerprinting import derive_fingerprint, make_fingerprint
from pipeline.matching.model import Model, load_model
from pipeline.records.hashing import partition_of
from pipeline.records.intake import AcceptedVersion, IntakeContext, SourceMessage, decide_message, make_accepted_record
from pipeline.records.messages import AcceptedRecord, Position
from support.records.samples import FR_PJ, message

KEY = b"fr-pj:2026-004711"


def taken(**data: Any) -> tuple[AcceptedVersion, AcceptedRecord]:
    context = IntakeContext({"fr-pj": FR_PJ}, 4, lambda _: None, lambda: datetime(2026, 11, 1, tzinfo=UTC))
    decision = decide_message(
        SourceMessage(Position("cases.fr-pj", partition_of(KEY, 4), 7), "fr-pj", KEY, message(**data)), context
    )
    assert decision.taken is not None
    return decision.taken, make_accepted_record(decision.taken, decision.receipt, msgspec.Raw(b"null"), "0123456789ab")


@pytest.mark.parametrize("data", [{}, {"status": "withdrawn"}], ids=["live", "withdrawn"])
def test_it_is_what_intake_makes(data: dict[str, Any]) -> None:
    model = load_model()
    made, value = taken(**data)
    assert derive_fingerprint(value, model) == make_fingerprint(made.case, made.normalised, model)


def test_the_model_decides_the_keys_and_never_the_hash() -> None:
    model = load_model()
    _, value = taken()
    whole = derive_fingerprint(value, model)
    stopped = Model(msgspec.structs.replace(model.file, stop_keys=whole.keys[:1]))
    assert derive_fingerprint(value, stopped).keys == whole.keys[1:]
    assert derive_fingerprint(value, stopped).hash == whole.hash == value.hash
