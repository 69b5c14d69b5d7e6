from __future__ import annotations

import pytest

from pipeline.demo.messages import Message
from pipeline.demo.run import LIVE_MESSAGES, split_feed


@pytest.mark.parametrize(("messages", "live"), [(1, 0), (2, 1), (200, 100), (3_000, LIVE_MESSAGES)])
def test_some_messages_are_sent_at_once_however_few_there_are(messages: int, live: int) -> None:
    feed = [Message("a", b"a:%d" % number, b"", "accepted") for number in range(messages)]
    at_once, one_by_one = split_feed(feed)
    assert [*at_once, *one_by_one] == feed
    assert len(one_by_one) == live
