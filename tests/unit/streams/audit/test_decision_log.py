from __future__ import annotations

import msgspec

from pipeline.streams.audit.decision_log import NewValue, plan_sends
from pipeline.streams.catalogues import topics


class Value(msgspec.Struct, frozen=True):
    """As good as a decision."""


def plan(*values: tuple[topics.Topic, bool]) -> list[list[int]]:
    return plan_sends([NewValue(topic, "key", Value(), Value() if replaces else None) for topic, replaces in values])


def test_topics_are_sent_to_in_one_order_and_only_once_nothing_is_waited_for_before() -> None:
    a, b, c = topics.ASSIGNMENTS, topics.FOLDERS, topics.REVIEWS
    assert plan((c, True), (a, True)) == plan((c, False), (a, True)) == [[1], [0]]
    assert plan((a, True), (c, True), (b, False), (a, False)) == [[0, 3], [2, 1]]


def test_what_goes_before_the_only_replaced_values_goes_with_them() -> None:
    assert plan((topics.FOLDER_ITEMS, True), (topics.FOLDER_CHARTS, False)) == [[1, 0]]
    assert plan((topics.REVIEWS, False), (topics.ASSIGNMENTS, False)) == [[1, 0]]
    assert plan() == [[]]
