from __future__ import annotations

import pytest

from pipeline.feeds.pushing import message_key


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b'{"data": {"agency": "fr-pj", "case_id": "1"}}', b"fr-pj:1"),
        ('{"data": {"agency": "gr-as", "case_id": "Α1"}}'.encode(), "gr-as:Α1".encode()),
        (b'{"data": {"agency": "fr-pj", "case_id": "1"}, "data2": NaN}', None),
        (b'{"data": {"agency": "fr-pj"}}', None),
        (b'{"data": {"agency": "fr-pj", "case_id": 1}}', None),
        (b'{"data": []}', None),
        (b"[1]", None),
        (b"null", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_the_key_is_the_case_key_where_the_line_names_a_case(raw: bytes, key: bytes | None) -> None:
    assert message_key(raw) == key
