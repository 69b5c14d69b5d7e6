"""No message makes intake fail: an exception would stop its partition, so whatever is wrong with it is a rejection."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.model import load_model
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message, make_accepted_record
from pipeline.records.messages import Outcome
from support.records.strategies import PARTITIONS, SENDER, messages

MODEL = load_model()
DESK = IntakeContext({SENDER.name: SENDER}, PARTITIONS, lambda key: None, lambda: datetime(2026, 11, 1, tzinfo=UTC))

EXAMPLES = settings.get_profile(settings.get_current_profile_name()).max_examples // 3
"""A message takes as long to draw as three examples of another law."""


@settings(max_examples=EXAMPLES)
@given(messages())
def test_every_message_has_an_outcome_and_its_outputs_can_be_written(message: SourceMessage) -> None:
    decision = decide_message(message, DESK)
    assert (decision.receipt.outcome is Outcome.ACCEPTED) == (decision.taken is not None)
    assert (decision.receipt.outcome is Outcome.REJECTED) == (decision.rejected is not None)
    assert msgspec.json.encode(decision.receipt)
    assert msgspec.json.encode(decision.rejected)
    if taken := decision.taken:
        encoded = msgspec.json.encode(make_fingerprint(taken.case, taken.normalised, MODEL))
        assert msgspec.json.encode(make_accepted_record(taken, decision.receipt, msgspec.Raw(encoded), "0" * 12))
