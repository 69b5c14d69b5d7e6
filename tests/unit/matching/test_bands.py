from __future__ import annotations

import msgspec

from pipeline.matching.bands import LINK_BANDS, Band, band_of
from pipeline.matching.explain.wording import BANDS
from pipeline.web.components.badges import BAND_LABELS


def test_the_bands_begin_at_their_probabilities() -> None:
    assert [band_of(p) for p in (0.99, 0.9899, 0.9, 0.8999, 0.5, 0.4999, 0.0)] == [
        Band.CERTAIN, Band.PROBABLE, Band.PROBABLE, Band.POSSIBLE, Band.POSSIBLE, Band.NONE, Band.NONE,
    ]  # fmt: skip


def test_the_strongest_comes_first_and_no_link_last() -> None:
    assert sorted(Band, key=lambda band: band.rank) == [*LINK_BANDS, Band.NONE]


def test_messages_hold_the_word_and_nothing_where_there_is_no_link() -> None:
    assert msgspec.json.encode(tuple(Band)) == b'["certain","probable","possible",""]'
    assert msgspec.json.decode(b'[""]', type=tuple[Band, ...]) == (Band.NONE,)
    assert not Band.NONE


def test_every_band_has_its_word() -> None:
    assert list(BANDS) == list(Band)
    assert list(BAND_LABELS) == list(LINK_BANDS)
