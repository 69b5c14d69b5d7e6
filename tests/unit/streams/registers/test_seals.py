"""Only the installation ends a version: whoever holds Kafka can't ask for it."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.records.expiry import Expiry
from pipeline.streams.registers.seals import is_sealed_expiry, sealed_expiry
from support.correlation.key_rings import OTHER, RING, ROTATED

ASKED = Expiry("fr-pj:1", 3, "ab" * 16)


def test_a_request_of_the_installation_survives_kafka_and_a_rotation() -> None:
    held = msgspec.json.decode(msgspec.json.encode(sealed_expiry(ASKED, RING)), type=Expiry)
    assert is_sealed_expiry(held, RING)
    assert is_sealed_expiry(held, ROTATED)
    assert not is_sealed_expiry(held, OTHER)


@pytest.mark.parametrize(
    "forged",
    [
        ASKED,
        sealed_expiry(ASKED, OTHER),
        msgspec.structs.replace(sealed_expiry(ASKED, RING), version=4),
        msgspec.structs.replace(sealed_expiry(ASKED, RING), case="fr-pj:2"),
        msgspec.structs.replace(sealed_expiry(ASKED, RING), content_hash="cd" * 16),
        msgspec.structs.replace(ASKED, seal="é" * 72),
        msgspec.structs.replace(ASKED, seal=RING.current),
    ],
)
def test_a_forged_one_ends_nothing(forged: Expiry) -> None:
    assert not is_sealed_expiry(forged, RING)
