"""What counts as another answer of one of two installations."""

from __future__ import annotations

from support.no_leak.story import Step
from support.no_leak.twins import Observed, differing

ONE, OTHER = '{"id":"1","case":"fr-pj:0"}', '{"id":"2","case":"fr-pj:0"}'
LIST = Step("reader", "GET", "/v1/notices", "/v1/notices")
STREAM = Step("reader", "GET", "/v1/notices/stream", "/v1/notices/stream")
SEARCH = Step("reader", "POST", "/v1/search", "/v1/search")


def listed(*rows: str) -> Observed:
    return Observed(200, (), f'{{"notices":[{",".join(rows)}],"next":"<a cursor>"}}')


def streamed(*rows: str) -> Observed:
    return Observed(200, (), "".join(f"event: notice\nid: <a cursor>\ndata: {row}\n\n" for row in rows))


def test_notices_of_one_moment_may_stand_in_either_order() -> None:
    for step, told in ((LIST, listed), (STREAM, streamed)):
        assert differing([(step, told(ONE, OTHER))], [(step, told(OTHER, ONE))]) == {}
        assert differing([(step, told(ONE)), (step, told(OTHER))], [(step, told(OTHER)), (step, told(ONE))]) == {}


def test_a_notice_more_or_other_is_a_difference() -> None:
    for step, told in ((LIST, listed), (STREAM, streamed)):
        assert differing([(step, told(ONE))], [(step, told(ONE, OTHER))])
        assert differing([(step, told(ONE))], [(step, told(OTHER))])


def test_acts_of_one_moment_may_stand_in_either_order_in_a_file() -> None:
    step = Step("auditor", "GET", "/v1/audit/file", "/v1/audit/file?form=csv")
    one, other = (
        Observed(200, (), f"time,kind\r\n{rows}") for rows in ("a,read\r\nb,read\r\n", "b,read\r\na,read\r\n")
    )
    assert differing([(step, one)], [(step, other)]) == {}
    assert differing([(step, one)], [(step, one._replace(body="time,kind\r\na,read\r\n"))])


def test_the_order_of_what_was_found_is_compared() -> None:
    assert differing([(SEARCH, listed(ONE, OTHER))], [(SEARCH, listed(OTHER, ONE))])
