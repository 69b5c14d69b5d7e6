"""What requests bring: their bodies, and the parameters of paths and queries, each with its limits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Header, Path, Query
from msgspec import Meta
from pydantic import Field

from pipeline.access.break_glass import LONGEST_HOURS
from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.case_visibility import MOST_WORDS
from pipeline.access.disclosure_threads import GlassVerdict, Urgency
from pipeline.access.folders import CHART_BYTES, LONGEST_REFERENCE, MOST_ADDED, FolderRole
from pipeline.access.text_limits import COMMENT, LABEL, NOTE, REASON, SUBJECT, TITLE
from pipeline.api.list_planning import MAX_TITLE_CHARS
from pipeline.api.paging import CURSOR_CHARS
from pipeline.api.services.exports import ExportFormat, TableFormat
from pipeline.api.services.hit_allowances import MOST as MOST_HITS
from pipeline.api.services.inbox import Listed
from pipeline.api.services.list_results import FoundFilter, ListFileFormat
from pipeline.api.services.reviews import ReviewReason
from pipeline.matching.bands import Band
from pipeline.search.questions import MAX_QUESTION_CHARS, CountryCode, QuestionFields

MOST_HOURS: Final = 24 * 366 * 100
"""A hundred years: an age that is larger is a mistake, and would leave the range of dates."""

MAX_TREE_SIZE: Final = 2**53 - 1
"""What every JSON reader holds exactly."""


def limit_of(most: int) -> Any:
    """How many rows a page may have."""
    return Annotated[int, Query(ge=1, le=most)]


# Where a page goes on. Two of them say what it is: the document is a contract, down to its words.
Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS)]
CursorText = Annotated[str, Query(max_length=CURSOR_CHARS)]
LinkCursor = Annotated[str, Query(max_length=CURSOR_CHARS, description="`next` of the page before.")]
LastEventId = Annotated[str | None, Header(max_length=CURSOR_CHARS)]

CaseKeyPath = Annotated[
    str, Path(max_length=512, description="Case key, <agency>:<case id>.", examples=["fr-pj:2026-004711"])
]
CaseOf = Annotated[str, Query(alias="case", min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
CaseKeyOf = Annotated[
    str,
    Query(alias="case", min_length=1, max_length=512, description="Case key.", examples=["fr-pj:2026-004711"]),
]
EntityOf = Annotated[str, Query(alias="entity", min_length=1, max_length=200, examples=["p1"])]
HandlingCodeOf = Annotated[str | None, Query(max_length=8, description="As if its code were this.")]
HandlingWordsOf = Annotated[
    list[Annotated[str, Field(max_length=32)]] | None,
    Query(max_length=MOST_WORDS, description="As if it were these; an empty one is none."),
]

LinkIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Link id.", examples=["0c1f" * 8])]
ReviewIdPath = Annotated[str, Path(max_length=64, description="Review id.", examples=["5d0a" * 8])]
DisclosureIdPath = Annotated[str, Path(max_length=64, description="Id of the disclosure.", examples=["9a7e" * 10])]
AlertIdPath = Annotated[str, Path(max_length=64, description="Alert id.", examples=["3b1e" * 8])]
FolderIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the folder.", examples=["7c2d" * 8])]
ItemIdPath = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Id of the item.", examples=["4be0" * 4])]
AgencyPath = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,31}$", description="Agency.", examples=["be-fp"])]
ListIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the list.", examples=["3b1e" * 8])]
DraftIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the draft.", examples=["3b1e" * 8])]

OtherList = Annotated[
    str, Query(pattern="^([0-9a-f]{32})?$", description="Records that this list of yours found too.", examples=[""])
]
OtherFolder = Annotated[
    str, Query(pattern="^([0-9a-f]{32})?$", description="Records that this folder keeps too.", examples=[""])
]
AskedByMine = Annotated[bool, Query(description="Those my agency asked for; otherwise those it was asked for.")]
OpenedByMine = Annotated[bool, Query(description="By supervisors of my agency; otherwise on its records.")]
Awaiting = Annotated[bool, Query(description="What I may confirm, or my agency is to review.")]

InboxBand = Annotated[str, Query(pattern=f"^({'|'.join(Band)})$", description="One band, or all.")]
InboxAssignee = Annotated[str | None, Query(max_length=SUBJECT.most, description="A subject's; empty: nobody's.")]
InboxCase = Annotated[str, Query(max_length=512, description="Of one case.")]
InboxCountry = Annotated[str, Query(pattern="^([A-Z]{2})?$", description="Of the other side.")]
LeastHours = Annotated[int | None, Query(ge=0, le=MOST_HOURS, description="Hours since our record came.")]
MostHours = Annotated[int | None, Query(ge=0, le=MOST_HOURS)]
InboxListed = Annotated[
    str,
    Query(pattern=f"^({'|'.join(Listed)})$", description="What the agency is unsure of, or what one decided oneself."),
]

ExportFormatOf = Annotated[ExportFormat, Query(description="File format.")]
ResultFormat = Annotated[TableFormat, Query(description="excel: CSV with a byte order mark.")]
FoundFormat = Annotated[
    ListFileFormat, Query(description="excel: CSV with a byte order mark; ftm: FollowTheMoney entities.")
]
RowsFound = Annotated[
    FoundFilter,
    Query(
        description="Rows with a match in a band, with weaker results alone, with nothing, not put to hit-only "
        "records, or refused."
    ),
]
RowsOfBand = Annotated[Band, Query(description="Rows whose best match is in this band.")]
DraftTitle = Annotated[str, Query(max_length=MAX_TITLE_CHARS, description="The file's name.")]
ListSentOnce = Annotated[
    str, Header(max_length=100, description="Sent again with the same key, a list is taken in once.")
]
TableSentOnce = Annotated[
    str, Header(max_length=100, description="Sent again with the same key, a table is taken in once.")
]

WholeAgency = Annotated[bool, Query(description="Those of the whole agency, for a supervisor.")]

TreeSize = Annotated[int, Query(ge=1, le=MAX_TREE_SIZE, description="A size that the log has had.")]
LeafIndex = Annotated[int, Query(ge=0, le=MAX_TREE_SIZE, description="The leaf's index.")]
LeavesSeen = Annotated[int, Query(ge=0, le=MAX_TREE_SIZE, description="How many leaves your witness has seen.")]

HitReference = Annotated[str, Meta(min_length=1, max_length=64, examples=["9a7e" * 10])]
DisclosureReason = Annotated[str, Meta(max_length=REASON.most, examples=["The same passport in our case."])]
CaseKeyText = Annotated[str, Meta(min_length=1, max_length=512, examples=["fr-pj:2026-004711"])]
AwareTime = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T12:00:00Z"])]
AlertLabel = Annotated[
    str,
    Meta(
        max_length=LABEL.most,
        description="What your agency calls it; nobody else sees that.",
        examples=["Petrov, Tver"],
    ),
]


class DisclosureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the owner of a hit."""

    reference: HitReference
    reason: DisclosureReason
    urgency: Urgency = Urgency.ROUTINE
    deadline: AwareTime
    label: Annotated[
        str,
        Meta(
            max_length=LABEL.most,
            description="What your agency calls the record, such as the search that found it. The owner is not told.",
            examples=["Ivan Petrov 1980-05-01"],
        ),
    ] = ""


class GrantTerms(msgspec.Struct, frozen=True):
    """Until when, and why."""

    until: AwareTime
    reason: DisclosureReason = ""


class RecordsToCross(msgspec.Struct, frozen=True):
    """Records whose people and things are asked, and what the list is called."""

    cases: Annotated[tuple[CaseKeyText, ...], Meta(min_length=1, max_length=500)]
    title: Annotated[str, Meta(max_length=120, examples=["Folder Harbour"])] = ""


class KeptUntil(msgspec.Struct, frozen=True):
    """Until when a list is kept."""

    until: AwareTime


class RefusalReason(msgspec.Struct, frozen=True):
    """Why a request is refused, or a grant taken back."""

    reason: DisclosureReason = ""


class BreakGlassRequest(msgspec.Struct, frozen=True):
    """Which hit is to be opened, for how long and why; `urgent`: at once, to be reviewed by its owner."""

    reference: HitReference
    reason: Annotated[str, Meta(min_length=1, max_length=REASON.most, examples=["A life is in danger."])]
    hours: Annotated[int, Meta(ge=1, le=LONGEST_HOURS)] = LONGEST_HOURS
    urgent: bool = False


class OpeningReview(msgspec.Struct, frozen=True):
    """What the owner's supervisor finds, and why."""

    verdict: GlassVerdict
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT.most, examples=["The child was found by it."])]


class AllowanceTerms(msgspec.Struct, frozen=True):
    """Answers a day, and until when."""

    daily: Annotated[int, Meta(ge=1, le=MOST_HITS, examples=[5000])]
    until: AwareTime


class ManualLink(msgspec.Struct, frozen=True):
    """Two cases that are the same, and why."""

    case_a: CaseKeyText
    case_b: CaseKeyText
    reason: ReviewReason


class LinkAssignee(msgspec.Struct, frozen=True):
    """Who is to judge the link: a subject, or nobody."""

    assignee: Annotated[str, Meta(max_length=SUBJECT.most, examples=["anna"])] = ""


class AlertRequest(msgspec.Struct, frozen=True):
    """The question, as a search takes it in words, by fields or both, and where its phones are dialled."""

    question: Annotated[str, Meta(max_length=MAX_QUESTION_CHARS, examples=["иван петров born:1980-05-01"])] = ""
    country: Annotated[CountryCode, Meta(examples=["FR"])] = ""
    share: Annotated[bool, Meta(description="Agencies that ask the same, and share it, are told of each other.")] = (
        False
    )
    fields: QuestionFields = QuestionFields()
    filters: Annotated[
        Filters, Meta(description="Only what passes is told of; of hit-only records agency and country alone narrow.")
    ] = NO_FILTERS
    label: AlertLabel = ""


class AlertLabelRequest(msgspec.Struct, frozen=True):
    """What an alert is called from now on; "" takes its name away."""

    label: AlertLabel


FolderTitle = Annotated[str, Meta(min_length=1, max_length=TITLE.most, examples=["Operation Kestrel"])]


class FolderTitleRequest(msgspec.Struct, frozen=True):
    """What a case folder is called."""

    title: FolderTitle


class FolderShare(msgspec.Struct, frozen=True):
    """Somebody of the agency, and what they may do; null: nothing any more."""

    subject: Annotated[str, Meta(min_length=1, max_length=SUBJECT.most, examples=["anna"])]
    role: FolderRole | None


class FolderAddition(msgspec.Struct, frozen=True):
    """What is to be kept: records, links, entities, searches and lists by their names."""

    items: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=LONGEST_REFERENCE)], ...],
        Meta(
            min_length=1,
            max_length=MOST_ADDED,
            description="`record <case>`, `entity <case> <entity id>`, `link <link id>`, `list <list id>`, or `search` "
            "and the base64url of JSON with question, country and filters.",
            examples=[["record fr-pj:2026-004711", "link " + "0c1f" * 8]],
        ),
    ]


class FolderNote(msgspec.Struct, frozen=True):
    """A note in plain text. `seen` is the version of one that is there already."""

    text: Annotated[
        str,
        Meta(min_length=1, description=f"At most {NOTE.most} characters.", examples=["Petrov's lawyer called."]),
    ]
    seen: Annotated[int, Meta(ge=0)] = 0


class FolderPlace(msgspec.Struct, frozen=True):
    """Where an item goes: behind another one, or first."""

    after: Annotated[str, Meta(pattern="^([0-9a-f]{16})?$", description="Id of an item; empty: first.")] = ""


class FolderChartRequest(msgspec.Struct, frozen=True):
    """A chart to keep. `seen` is the version of one that is there already."""

    title: FolderTitle
    content: Annotated[
        str,
        Meta(
            min_length=1,
            description=f"JSON as text, at most {CHART_BYTES} bytes. An object that stands for a record, entity or "
            "link names it in `ref`, as in a folder; who can't open that sees its `x` and `y` and nothing else of it.",
            examples=['{"nodes":[{"ref":"record fr-pj:2026-004711","x":10,"y":20}]}'],
        ),
    ]
    seen: Annotated[int, Meta(ge=0)] = 0
