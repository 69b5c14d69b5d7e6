"""What to try in the demo's pages: one question whose answer differs by who asks, found among the links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from pipeline.access.release import CaseMeta, View, decide
from pipeline.access.requester import Purpose, Requester
from pipeline.demo.examples import crosses_scripts
from pipeline.index.documents import LinkDocument
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.handling import Handling

FULL_DATE = len("1980-05-14")


class Cast(NamedTuple):
    """Who asks, who owns what is hit-only, and who is to see nothing of it."""

    seeker: Requester
    owner: Requester
    stranger: Requester


class Story(NamedTuple):
    """The question that tells it; `across` where the hit is written in another script than the question."""

    question: str
    across: bool


Handled = Callable[[str], Handling]
"""The handling of a case by its key."""


def find_story(links: Iterable[LinkDocument], cast: Cast, handled: Handled, now: datetime) -> Story | None:
    """The best question: by a name in another script rather than not, then by the strongest link; None without any."""
    strongest = sorted(links, key=lambda link: (-link.score, link.link))
    found = [story for link in strongest for story in _find_stories(link, cast, handled, now)]
    return next((story for story in found if story.across), found[0] if found else None)


def _find_stories(link: LinkDocument, cast: Cast, handled: Handled, now: datetime) -> Iterator[Story]:
    """The questions by which the seeker sees one side of a link, and of the other that there is something."""
    evidence = msgspec.convert(link.evidence, Explanation)
    a, b = (CaseMeta(side.case, side.agency, handled(side.case)) for side in (link.a, link.b))
    for known, hidden, which in ((a, b, "value_a"), (b, a, "value_b")):
        if hidden.agency != cast.owner.agency or _view_of(cast.seeker, known, now) is not View.FULL:
            continue
        if [_view_of(who, hidden, now) for who in (cast.seeker, cast.stranger)] != [View.HIT, View.NOTHING]:
            continue
        for entity in evidence.entities:
            said = {item.field: item for item in entity.items if item.bits > 0}
            name, born = said.get("name"), said.get("birth_date")
            if name and born and born.level == "same" and len(born.value_a) == FULL_DATE:
                yield Story(f"{getattr(name, which)} {born.value_a}", crosses_scripts(name))


def _view_of(who: Requester, case: CaseMeta, now: datetime) -> View:
    return decide(case, who, Purpose.INVESTIGATION, now).view


def story_steps(found: Story, names: Sequence[str], owner: str) -> list[str]:
    """The story in steps; `names` are of seeker, owner and stranger, `owner` is the owner's agency."""
    seeker, holder, stranger = names
    there = ", written in another script" if found.across else ""
    return [
        f"sign in as {seeker}, with any case reference, and search for  {found.question}",
        (
            f"read why records matched, review a link, then request access to the hit of {owner}{there}: "
            f"only its owner can grant that"
        ),
        (
            f"in a private window sign in as {holder}, open Access requests and grant access: "
            f"the search of {seeker} now shows the record"
        ),
        f"sign in as {stranger} and search for the same: nothing of it is there",
        f"as {holder}, Our records says who was shown it; to an auditor of {owner}, Audit says what its people did",
    ]
