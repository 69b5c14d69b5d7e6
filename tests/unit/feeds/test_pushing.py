from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.feeds.files import survey_file
from pipeline.feeds.pushing import match_receipts, message_key, read_file_lines, upload_name
from pipeline.records.messages import Position, Receipt
from support.records.samples import message


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


def test_what_was_left_out_may_be_sent_unchecked_under_another_name(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"{}")
    checked, unchecked = (upload_name(survey_file(file), validated=validated) for validated in (True, False))
    assert checked == upload_name(survey_file(file), validated=True) != unchecked


def test_receipts_find_the_lines_that_they_are_for(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"\n".join([message(case_id="1"), b"{", b'{"data": 1}', message(case_id="1", version=4)]))
    places: dict[tuple[str, int], int] = {}
    assert list(read_file_lines(file, survey_file(file), places)) == file.read_bytes().splitlines()
    assert places == {("fr-pj:1", 3): 1, ("fr-pj:1", 4): 4}
    receipts = [
        Receipt(Position("cases.fr-pj", 0, offset), "accepted", case, version)
        for offset, (case, version) in enumerate([("fr-pj:1", 4), ("fr-pj:2", 1), ("", 0), ("fr-pj:1", 3)])
    ]
    assert [(line, receipt.position.offset) for line, receipt in match_receipts(receipts, places)] == [
        (4, 0),
        (0, 2),
        (1, 3),
    ]
