"""What left of records and is in no record of an act: the law that an answer knows what it showed."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.access.audit import ShownForm
from pipeline.access.requester import Requester
from support.api.runtime import Api
from support.no_leak.worlds import KEYS


def find_untold(
    api: Api, who: Requester, text: str, named: Collection[str] = (), *, references: bool = True
) -> set[str]:
    """What of records stands in a text that was sent, and is not in what was recorded.

    `named` are the keys that its reader named; `references` says whether a reference in it tells of a hit: else it is
    one that its reader's agency was told before, and its owner of that.
    """
    shown = [one for act in api.audit.acts for one in act.shown]
    full = {one.case for one in shown if one.form is ShownForm.FULL}
    hits = {one.case for one in shown if one.form is ShownForm.HIT}
    untold = {f"content of {key}" for key in KEYS if f"Affair of {key}" in text and key not in full}
    untold |= {f"key {key}" for key in KEYS if key in text and key not in named and key not in full | hits}
    if references:
        known = {key: api.runtime.opaque.make_reference(who.agency, key) for key in KEYS}
        untold |= {f"hit {key}" for key, reference in known.items() if reference in text and key not in hits}
    return untold
