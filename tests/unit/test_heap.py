from __future__ import annotations

import gc

from pipeline.heap import YOUNG, freeze_heap


def test_what_is_there_for_good_is_left_out_of_the_collectors_rounds() -> None:
    before = gc.get_threshold()
    try:
        freeze_heap()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (YOUNG, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
