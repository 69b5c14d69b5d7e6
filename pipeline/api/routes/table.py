"""The API on one page: every operation with its path, what it takes, who answers it, and what the audit has of it.

Those that only forward are rows of ENDPOINTS; those that have more to do are functions above it, and stand in it by
their name. FastAPI matches paths in this order. Longer than other modules, since it is a table.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from pipeline.access.audit import ActKind
from pipeline.access.break_glass import GlassReason
from pipeline.access.case_filters import Filters
from pipeline.access.case_visibility import HandlingChangeError, handling_change
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.folders import CHART_BYTES
from pipeline.api.answers import (
    AlertAnswer,
    DisclosureAnswer,
    FolderItemAnswer,
    InboxAnswer,
    ListCheckAnswer,
    ListDraftAnswer,
    ListResultsAnswer,
    VisibilityAnswer,
)
from pipeline.api.list_planning import COLUMNS, MOST_BYTES, ListFormat
from pipeline.api.list_template import TEMPLATE_TYPES, TemplateForm, write_template
from pipeline.api.problems import ConflictError, NotFoundError, RequestTooLargeError, UnprocessableError
from pipeline.api.request_structs import body_of, query_of
from pipeline.api.routes.endpoints import PREFIX, Endpoint, delete, endpoint, get, post, put
from pipeline.api.routes.notices import stream_events
from pipeline.api.routes.parameters import (
    AgencyPath,
    AlertIdPath,
    AlertLabelRequest,
    AlertRequest,
    AllowanceTerms,
    AskedByMine,
    Awaiting,
    BreakGlassRequest,
    CaseKeyOf,
    CaseKeyPath,
    CaseOf,
    Cursor,
    CursorText,
    DisclosureIdPath,
    DisclosureRequest,
    DraftIdPath,
    DraftTitle,
    EntityOf,
    ExportFormatOf,
    FolderAddition,
    FolderChartRequest,
    FolderIdPath,
    FolderNote,
    FolderPlace,
    FolderShare,
    FolderTitleRequest,
    FoundFormat,
    GrantTerms,
    HandlingCodeOf,
    HandlingWordsOf,
    InboxAssignee,
    InboxBand,
    InboxCase,
    InboxCountry,
    InboxListed,
    ItemIdPath,
    KeptUntil,
    LastEventId,
    LeafIndex,
    LeastHours,
    LeavesSeen,
    LinkAssignee,
    LinkCursor,
    LinkIdPath,
    ListIdPath,
    ListSentOnce,
    ManualLink,
    MostHours,
    OpenedByMine,
    OpeningReview,
    OtherFolder,
    OtherList,
    RecordsToCross,
    RefusalReason,
    ResultFormat,
    ReviewIdPath,
    RowsFound,
    RowsOfBand,
    TableSentOnce,
    TreeSize,
    WholeAgency,
    limit_of,
)
from pipeline.api.services import (
    alerts,
    audit,
    audit_log,
    break_glass,
    cases,
    chart,
    cross_reference,
    disclosures,
    entities,
    exports,
    folders,
    graph,
    hit_allowances,
    inbox,
    links,
    list_checks,
    list_drafts,
    list_results,
    notices,
    request_evidence,
    reviews,
    saved_charts,
    search,
    statistics,
    work,
)
from pipeline.api.services.exports import TableFormat, What
from pipeline.api.services.list_results import ListFilter
from pipeline.api.session import Session
from pipeline.api.streaming import name_file, start_file, start_stream
from pipeline.matching.bands import Band
from pipeline.search.questions import add_fields

READ, REVIEW, DISCLOSURE, SUBSCRIPTION = ActKind.READ, ActKind.REVIEW, ActKind.DISCLOSURE, ActKind.SUBSCRIPTION
FOLDER = ActKind.FOLDER

FOUND: Final = (NotFoundError,)
"""What names one thing may end in, whether the thing is not there or not shown."""

DECIDED: Final = (NotFoundError, ConflictError)
"""And what decides on it, where somebody else has."""

LIST_FORMS: Final[dict[str, ListFormat]] = {"text/csv": "csv", "application/x-ndjson": "ndjson"}

LIST_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": f"Columns or fields {', '.join(COLUMNS)}; several values of one cell are parted by |, or are a"
        " list.",
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": "id,name,born\nA-17,Ivan Petrov,1980-05-01\n"},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id":"A-17","phone":"+33612345678"}\n'},
        },
    }
}

TABLE_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "A table: XLSX, XLS, XLSB, ODS, or CSV in any usual encoding, told by its content.",
        "content": {
            "application/octet-stream": {"schema": {}, "example": "Nom;Né le\nIvan Petrov;01/05/1980\n"},
        },
    }
}

SIGNED_NOTE: Final = (
    "liaison.example/audit\n4711\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntime 2026-11-24T12:00:00+00:00\n\n"
    "\u2014 liaison.example/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo=\n"
)


def _body(struct: type[msgspec.Struct]) -> Any:
    return Annotated[struct, body_of(struct)]


@endpoint("GET", "/visibility", "visibility", "cases", "Who has access to our case", act=READ, refuses=FOUND)
async def explain_visibility(
    session: Session,
    case: CaseOf,
    handling: HandlingCodeOf = None,
    releasable_to: HandlingWordsOf = None,
    purposes: HandlingWordsOf = None,
) -> VisibilityAnswer:
    """By agency and purpose, with the rule that decides; with other handling also what it would change.

    For people of the owner agency who read cases; to all others it is as if there were no such case.
    """
    try:
        change = handling_change(handling, releasable_to, purposes)
    except HandlingChangeError as error:
        raise UnprocessableError(error, error.field) from error
    return await cases.read_visibility(session, case, change)


@endpoint(
    "POST", "/list-checks", "submit", "list checks", "Upload a list",
    act=READ, refuses=(ConflictError, RequestTooLargeError), status=202,
    more={"openapi_extra": LIST_BODY, "max_body_size": MOST_BYTES},
)  # fmt: skip
async def submit_list(session: Session, request: Request, idempotency_key: ListSentOnce = "") -> ListCheckAnswer:
    """Up to 10,000 rows; each is asked as a search of yours, and audited as one.

    Results are kept for a day, or until a date for your case reference (`PUT /list-checks/{name}/kept`).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return await list_checks.submit_list(session, await request.body(), LIST_FORMS.get(kind, "csv"), idempotency_key)


@endpoint("GET", "/list-checks/{name}/results", "results", "list checks", "Results by page", act=READ, refuses=DECIDED)
async def read_list_results(
    session: Session,
    name: ListIdPath,
    limit: limit_of(list_results.MOST) = 50,  # type: ignore[valid-type]
    cursor: CursorText = "",
    found: RowsFound = "",
    band: RowsOfBand = Band.NONE,
) -> ListResultsAnswer:
    """Row by row, as far as they have been asked; what you may no longer see is left out.

    A filter may leave a page with fewer rows than `limit`, or none: `next` goes on.
    """
    return await list_results.read_results(session, name, limit, cursor, ListFilter(found, band))


@endpoint(
    "GET", "/list-checks/{name}/file", "result_file", "list checks", "Results as a file",
    act=ActKind.EXPORT, refuses=DECIDED,
)  # fmt: skip
async def send_list_results(
    session: Session,
    name: ListIdPath,
    form: FoundFormat = "csv",
    found: RowsFound = "",
    band: RowsOfBand = Band.NONE,
) -> Response:
    """The same for all rows: CSV with columns for people, `score` in bits, or NDJSON as in pages.

    While rows are still to be asked the file's name says so, and the first line of CSV, above that of its columns.
    """
    rows = list_results.export_results(session, name, form, ListFilter(found, band))
    named = name_file(list_results.name_export(session, name, form))
    return await start_file(session, rows, list_results.MEDIA_TYPES[form], named)


@endpoint(
    "POST", "/list-drafts", "submit", "list checks", "Upload a table to map",
    act=READ, refuses=(ConflictError, RequestTooLargeError), status=201,
    more={"openapi_extra": TABLE_BODY, "max_body_size": MOST_BYTES},
)  # fmt: skip
async def submit_draft(
    session: Session, request: Request, title: DraftTitle = "", idempotency_key: TableSentOnce = ""
) -> ListDraftAnswer:
    """Its columns are guessed by their names and values. Nothing is searched before the draft is checked."""
    return await list_drafts.submit_draft(session, await request.body(), title, idempotency_key)


@endpoint("GET", "/list-template", "template", "list checks", "Template of a list")
async def send_template(session: Session, form: Annotated[TemplateForm, Query()] = "xlsx") -> Response:
    """A table to fill in, with a header in your language."""
    content = write_template(form, session.language)
    return Response(content, media_type=TEMPLATE_TYPES[form], headers=name_file(f"liaison-list.{form}"))


@endpoint("GET", "/export/{what}", "export", "export", "Export links or cases", act=ActKind.EXPORT)
async def send_export(session: Session, what: What, form: ExportFormatOf = "ndjson") -> Response:
    """Every link or case that you see; null where one side is only a hit."""
    return await start_file(session, exports.export_records(session, what, form), exports.MEDIA_TYPES[form])


@endpoint("POST", "/disclosures", "ask", "disclosure", "Request access", act=DISCLOSURE, refuses=DECIDED)
async def request_access(
    session: Session, body: Annotated[DisclosureRequest, body_of(DisclosureRequest)]
) -> DisclosureAnswer:
    """Ask the owner of a hit for its content, by the reference that the hit bears."""
    wanted = DisclosureAsk(body.reason, body.urgency, body.deadline)
    return await disclosures.request_disclosure(session, body.reference, wanted, body.label)


@endpoint(
    "POST", "/break-glass", "break_glass", "disclosure", "Request emergency access",
    act=DISCLOSURE, refuses=DECIDED, example="break_glass",
)  # fmt: skip
async def request_emergency_access(
    session: Session, body: Annotated[BreakGlassRequest, body_of(BreakGlassRequest, strict=False)]
) -> DisclosureAnswer:
    """A supervisor's request to open a hit for some hours, which a second supervisor confirms within two.

    `urgent` opens at once; the owner is told, and its supervisor reviews it.
    """
    act = break_glass.open_alone if body.urgent else break_glass.request_opening
    return await act(session, body.reference, GlassReason(body.reason, body.hours))


@endpoint("GET", "/inbox", "inbox", "judgement", "Links to review", act=READ)
async def list_inbox(
    session: Session,
    band: InboxBand = "",
    assignee: InboxAssignee = None,
    case: InboxCase = "",
    country: InboxCountry = "",
    at_least_h: LeastHours = None,
    at_most_h: MostHours = None,
    listed: InboxListed = "",
    limit: limit_of(inbox.MOST) = 50,  # type: ignore[valid-type]
    cursor: Cursor = None,
) -> InboxAnswer:
    """The agency's links that it has not judged, or judged different on other evidence; strongest first.

    With `listed`, decided ones: `own_verdict`, `own_reviewer` and `own_time` say which decision holds.
    """
    wanted = inbox.InboxFilter(Band(band), assignee, case, country, at_least_h, at_most_h, inbox.Listed(listed))
    return await inbox.list_inbox(session, wanted, limit, cursor)


@endpoint(
    "GET", "/notices/stream", "stream", "notices", "Live notices", act=READ,
    more={"responses": {200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}}},
)  # fmt: skip
async def stream_notices(
    session: Session, request: Request, cursor: Cursor = None, last_event_id: LastEventId = None
) -> Response:
    """Each notice an event whose id is its cursor; the stream ends after ten minutes and is taken up by that id.

    One whose case is not in the search index yet comes once it is, behind others that came later.
    """
    session.require_reader()

    async def check() -> None:
        await session.runtime.requester(request.state.token)

    return start_stream(session, stream_events(session, last_event_id or cursor, check))


@endpoint("GET", "/audit/file", "file", "audit", "Activity as a file", act=ActKind.EXPORT)
async def send_acts(
    session: Session, wanted: Annotated[audit.ActFilter, query_of(audit.ActFilter)], form: TableFormat = "ndjson"
) -> Response:
    """All of those acts."""
    return await start_file(session, audit.export_acts(session, wanted, form), audit.MEDIA_TYPES[form])


@endpoint(
    "GET", "/audit/log/head", "head", "audit log", "The log's signed head",
    more={"responses": {200: {"description": "A signed note.", "content": {"text/plain": {"example": SIGNED_NOTE}}}}},
)  # fmt: skip
async def send_head(session: Session) -> Response:
    """A checkpoint (c2sp.org/tlog-checkpoint) of the last minute in which something was done; for auditors."""
    return Response(audit_log.read_head(session), media_type="text/plain; charset=utf-8")


@endpoint("GET", "/audit/log/accesses", "accesses", "audit log", "Proof of who saw your records", act=ActKind.EXPORT)
async def send_access_proofs(session: Session, first: LeavesSeen = 0) -> Response:
    """A file for `liaison feed verify-audit`: acts of your people, and others' in which your records were shown."""
    return await start_file(session, audit_log.prove_accesses(session, first), "application/x-ndjson")


@endpoint(
    "POST", "/subscriptions", "subscribe", "subscriptions", "Create an alert",
    act=SUBSCRIPTION, refuses=(ConflictError,),
)  # fmt: skip
async def subscribe(session: Session, body: Annotated[AlertRequest, body_of(AlertRequest)]) -> AlertAnswer:
    """It is asked once of all cases held, then of every new or changed one, for ninety days."""
    asked = add_fields(body.question, body.fields)
    return await alerts.create_alert(session, asked, body.country, body.filters, share=body.share, label=body.label)


CHART_BODY: Final = {"max_body_size": 2 * CHART_BYTES + (1 << 16)}
"""JSON in JSON: each quotation mark of a chart takes two bytes."""


@endpoint(
    "POST", "/folders/{name}/charts", "add_chart", "folders", "Keep a chart",
    act=FOLDER, refuses=DECIDED, status=201, more=CHART_BODY,
)  # fmt: skip
async def add_chart(
    session: Session, name: FolderIdPath, body: Annotated[FolderChartRequest, body_of(FolderChartRequest)]
) -> FolderItemAnswer:
    """At the end of the folder."""
    return await folders.save_chart(session, name, body.title, body.content)


@endpoint(
    "PUT", "/folders/{name}/charts/{item}", "save_chart", "folders", "Save a chart",
    act=FOLDER, refuses=DECIDED, more=CHART_BODY,
)  # fmt: skip
async def save_chart(
    session: Session,
    name: FolderIdPath,
    item: ItemIdPath,
    body: Annotated[FolderChartRequest, body_of(FolderChartRequest)],
) -> FolderItemAnswer:
    """As it is now; one that is not the version `seen` is left as it is, with 409."""
    return await folders.save_chart(session, name, body.title, body.content, item, body.seen)


@endpoint("POST", "/folders/{name}/notes", "add_note", "folders", "Write a note", act=FOLDER, refuses=DECIDED,
          status=201)  # fmt: skip
async def add_note(
    session: Session, name: FolderIdPath, body: Annotated[FolderNote, body_of(FolderNote)]
) -> FolderItemAnswer:
    """At the end of the folder, in plain text."""
    return await folders.write_note(session, name, body.text)


@endpoint("PUT", "/folders/{name}/notes/{item}", "edit_note", "folders", "Edit a note", act=FOLDER, refuses=DECIDED)
async def edit_note(
    session: Session, name: FolderIdPath, item: ItemIdPath, body: Annotated[FolderNote, body_of(FolderNote)]
) -> FolderItemAnswer:
    """In other words; one that is not the version `seen` is left as it is, with 409."""
    return await folders.write_note(session, name, body.text, item, body.seen)


@endpoint("GET", "/folders/{name}/file", "folder_file", "folders", "A folder as a file",
          act=ActKind.EXPORT, refuses=DECIDED)  # fmt: skip
async def send_folder(session: Session, name: FolderIdPath, form: ResultFormat = "csv") -> Response:
    """All that it keeps, in its order, as you may see it now."""
    return await start_file(session, folders.export_folder(session, name, form), list_results.MEDIA_TYPES[form])


@endpoint(
    "GET", "/folders/{name}/entities", "folder_entities", "folders", "A folder as FollowTheMoney entities",
    act=ActKind.EXPORT, refuses=DECIDED,
)  # fmt: skip
async def send_folder_entities(session: Session, name: FolderIdPath) -> Response:
    """The records that it keeps and you can open, an entity a line, as Aleph imports them."""
    parts = cross_reference.export_folder_entities(session, name)
    return await start_file(session, parts, list_results.MEDIA_TYPES["ftm"])


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    post("/search", "search", "search", "Search cases",
         "The likeliest cases first, each with the reasons why it matched.",
         search.search, ActKind.SEARCH, asked=_body(search.Search)),
    post("/search/facets", "facets", "search", "Count a search's facets",
         "The cases that the same body finds, counted by country, agency, type, role, offence and year.\n\n"
         "Each is counted without its own filter, so that several values can be chosen.",
         search.count_facets, READ, asked=_body(search.Search)),
    get("/cases/{key:path}", "case", "cases", "Read a case",
        "The record as its agency sent it, with owner, handling, caveat and provenance.",
        cases.read_case, READ, FOUND, key=CaseKeyPath),
    explain_visibility,

    get("/links", "links", "links", "The links of a case",
        "Strongest first, each with its explanation; of one with a hit-only side the band, its agency and contact.",
        links.list_links, READ, FOUND, key=CaseKeyOf, limit=limit_of(links.MOST), cursor=LinkCursor),
    get("/links/{link}", "evidence", "links", "The evidence of a link",
        "For those who see both sides in full: the explanation, a sentence for a layman, and the next best candidate.",
        links.read_evidence, READ, FOUND, link=LinkIdPath),
    get("/graph", "graph", "surroundings", "Network of a case",
        "Cases within a few links; the way never leads through one that is only a hit.",
        graph.read_graph, READ, FOUND, key=CaseKeyOf, depth=Annotated[int, Query(ge=1, le=graph.DEEPEST)]),
    get("/timeline", "timeline", "surroundings", "Timeline of a case",
        "Openings, closings and events of a case and of those linked to it that you may read.",
        graph.read_timeline, READ, FOUND, key=CaseKeyOf),
    get("/entities", "entity", "surroundings", "One entity across cases",
        "The entities of cases that you may read that, by all their links together, are this one; what each says of "
        "it.",
        entities.resolve_entity, READ, FOUND, key=CaseKeyOf, name=EntityOf),

    post("/chart/expand", "expand_chart", "chart", "Expand a node of a chart",
         "What a case or a thing is tied to, the strongest first, with counts by type, country and band of all of it.",
         chart.expand, READ, FOUND, more=CHART_BODY, asked=_body(chart.ChartExpansion)),
    post("/chart/paths", "chart_paths", "chart", "Paths between two nodes",
         "The shortest paths over links that you see, also in words; none leads through what is only a hit.",
         chart.find_paths, READ, FOUND, asked=_body(chart.ChartPathQuestion)),
    post("/chart/hubs", "chart_hubs", "chart", "What ties the most cases",
         "People and things of some cases and of those linked to them, by how many of these each is in.",
         chart.rank_chart_hubs, READ, FOUND, asked=_body(chart.ChartHubQuestion)),
    post("/chart/open", "open_chart", "chart", "Open a chart",
         "Its items as they are now; one that you can't open, whatever the reason, is a node of kind `closed`.",
         saved_charts.open_chart, READ, more=CHART_BODY, asked=_body(saved_charts.ChartOpening)),

    submit_list,
    get("/list-checks", "list_checks", "list checks", "My lists", "The latest first.",
        list_checks.read_list_checks, READ),
    get("/list-checks/{name}", "list_check", "list checks", "Progress of a list",
        "Its rows, how many of them have been asked, and how many of those were not put to hit-only records.",
        list_checks.read_list_check, READ, FOUND, name=ListIdPath),
    post("/cross-references", "cross_reference", "list checks", "Cross-reference records",
         "Every person and thing of these records is asked as a row of a list, with its record and entity.\n\n"
         "Records that you can't open are left out, as if nobody had named them.",
         cross_reference.cross_reference_records, READ, DECIDED, status=202, fields=_body(RecordsToCross)),
    send_folder_entities,
    post("/folders/{name}/cross-reference", "cross_reference", "folders", "Cross-reference a folder",
         "Everybody and everything of the records that it keeps and you can open, asked as a list of yours.",
         cross_reference.cross_reference_folder, READ, DECIDED, status=202, name=FolderIdPath),
    get("/list-checks/{name}/records", "found_records", "list checks", "Results by record",
        "Which rows found each record, those found by most rows first; with another list of yours or a folder, the "
        "records that both have.",
        cross_reference.list_found_records, READ, DECIDED,
        name=ListIdPath, limit=limit_of(list_results.MOST), cursor=CursorText, other=OtherList, folder=OtherFolder),
    read_list_results,
    send_list_results,
    put("/list-checks/{name}/kept", "keep", "list checks", "Keep a list",
        "Until a time in the next 90 days, for the case reference that it was made for; then it is deleted.\n\n"
        "Before it ends it may be given another end.",
        list_checks.extend_list, READ, DECIDED, name=ListIdPath, fields=_body(KeptUntil)),
    delete("/list-checks/{name}", "forget", "list checks", "Delete a list",
           "The list and what was found are gone at once; work on it ends.",
           list_checks.delete_list, READ, FOUND, name=ListIdPath),
    submit_draft,
    get("/list-drafts", "drafts", "list checks", "My drafts", "The latest first.", list_drafts.read_drafts, READ),
    send_template,
    get("/list-drafts/{name}", "draft", "list checks", "A draft with its preview",
        "Its columns, its first rows as they would be searched, and hints on what is left out.",
        list_drafts.read_draft, READ, FOUND, name=DraftIdPath),
    put("/list-drafts/{name}", "change", "list checks", "Map the columns",
        "What each column is searched as, or how the file is read; the draft as it is then.",
        list_drafts.change_draft, READ, FOUND, name=DraftIdPath, change=_body(list_drafts.ListDraftChange)),
    post("/list-drafts/{name}/check", "check", "list checks", "Check a draft",
         "The draft becomes a list of the same id, which is worked on from now on.",
         list_drafts.check_draft, READ, DECIDED, status=202, name=DraftIdPath),
    delete("/list-drafts/{name}", "forget", "list checks", "Delete a draft", "The table is gone at once.",
           list_drafts.delete_draft, READ, FOUND, name=DraftIdPath),

    send_export,

    request_access,
    get("/disclosures", "disclosures", "disclosure", "Disclosures of my agency",
        "The latest step first, with states, timers and what is overdue.",
        disclosures.list_disclosures, READ, mine=AskedByMine, limit=limit_of(disclosures.MOST), cursor=Cursor),
    get("/disclosures/{name}", "disclosure", "disclosure", "One disclosure",
        "A disclosure that my agency asked for, or was asked for.",
        disclosures.read_disclosure, READ, FOUND, name=DisclosureIdPath),
    get("/disclosures/{name}/evidence", "evidence", "disclosure", "Record and evidence of a request",
        "For the owner: the record that is asked for, and its links to the asking agency's cases that you may read.",
        request_evidence.read_request_evidence, READ, FOUND, name=DisclosureIdPath),
    post("/disclosures/{name}/grant", "grant", "disclosure", "Grant",
         "Open the case to the asking agency until a time, at most a year away; a grant may be given another end.",
         disclosures.grant_disclosure, DISCLOSURE, DECIDED, name=DisclosureIdPath, fields=_body(GrantTerms)),
    post("/disclosures/{name}/refuse", "refuse", "disclosure", "Refuse", "Say no; the other agency may ask again.",
         disclosures.refuse_disclosure, DISCLOSURE, DECIDED, name=DisclosureIdPath, fields=_body(RefusalReason)),
    post("/disclosures/{name}/revoke", "revoke", "disclosure", "Revoke",
         "Take a grant back, or end a break-glass: answered only once nobody reads under it.",
         disclosures.revoke_disclosure, DISCLOSURE, DECIDED, name=DisclosureIdPath, fields=_body(RefusalReason)),

    request_emergency_access,
    get("/break-glass", "break_glasses", "disclosure", "Emergency access of my agency",
        "The latest step first, with who has looked at it: `oversight`.",
        break_glass.list_break_glass, READ, example="break_glasses",
        mine=OpenedByMine, awaiting=Awaiting, limit=limit_of(disclosures.MOST), cursor=Cursor),
    post("/break-glass/{name}/confirm", "confirm", "disclosure", "Confirm",
         "Open what another supervisor of my agency requested, to that one alone; its owner is told at once.",
         break_glass.confirm_opening, DISCLOSURE, DECIDED, example="break_glass", name=DisclosureIdPath),
    post("/break-glass/{name}/withdraw", "withdraw", "disclosure", "Withdraw",
         "Take an own request back before it is confirmed.",
         break_glass.withdraw_request, DISCLOSURE, DECIDED, example="break_glass", name=DisclosureIdPath),
    post("/break-glass/{name}/review", "review", "disclosure", "Review",
         "The owner's verdict on what was opened by one alone; what is not justified is closed before this is "
         "answered.",
         break_glass.review_opening, DISCLOSURE, DECIDED, example="break_glass",
         name=DisclosureIdPath, fields=_body(OpeningReview)),
    put("/hit-allowances/{agency}", "allow_hits", "disclosures", "Raise an agency's hit quota",
        "For a supervisor, such as for the agency's initial load; what waits is answered at once as far as it reaches.",
        hit_allowances.allow_hits, DISCLOSURE, agency=AgencyPath, fields=_body(AllowanceTerms)),
    get("/hit-allowances", "hit_allowances", "disclosures", "Hit quotas of my agency",
        "By agency; `daily` is what every agency has. `refused`: who guessed too many dates or numbers, by day.",
        hit_allowances.list_hit_allowances, READ),

    get("/links/{link}/reviews", "reviews", "judgement", "Reviews of a link",
        "For those who see both sides in full: colour, dispute, and every review with its reason.",
        reviews.read_reviews, READ, FOUND, link=LinkIdPath),
    post("/links/{link}/reviews", "review", "judgement", "Review a link",
         "The latest review of an agency holds for it; another agency's contradiction is kept beside it.\n\n"
         "A decision of the agency that is not the one `seen` is left as it is, with 409.",
         reviews.review_link, REVIEW, DECIDED, link=LinkIdPath, said=_body(reviews.LinkReview)),
    post("/reviews", "review_all", "judgement", "Review several links alike",
         "One verdict on each; what can't be judged says why. Possible links are judged one by one.",
         reviews.review_links, REVIEW, said=_body(reviews.BulkReview)),
    post("/reviews/{name}/undo", "undo", "judgement", "Undo a review",
         "Take a review back: by its reviewer or their supervisor.",
         reviews.retract_review, REVIEW, DECIDED, name=ReviewIdPath),
    post("/manual-links", "link_by_hand", "judgement", "Link two cases by hand",
         "A review `same` of two cases, whether or not a score links them.",
         reviews.link_manually, REVIEW, DECIDED, fields=_body(ManualLink)),
    get("/manual-links", "manual_links", "judgement", "Links made by hand",
        "Of a case, those of which both sides are seen in full.",
        reviews.list_manual_links, READ, FOUND, case=CaseOf),
    get("/work", "work", "judgement", "My work",
        "How much waits in each of your lists: links, requests, alerts; and your list checks with their progress.",
        work.read_work, READ, most=limit_of(work.MOST)),
    list_inbox,
    put("/inbox/{link}", "assign", "judgement", "Assign a link",
        "Investigators take links themselves; supervisors assign them to anyone of their agency.",
        inbox.assign_link, REVIEW, FOUND, link=LinkIdPath, fields=_body(LinkAssignee)),

    get("/notices", "notices", "notices", "Notices to my agency",
        "In the order in which they came; ask again with `next`, and each comes once.\n\n"
        "One whose case is not in the search index yet comes once it is, behind others that came later. Where very "
        "many come at once, a page may be shorter than `limit` while more follow. After a restore of the installation "
        "from a backup all come again, with the same ids.",
        notices.list_notices, READ, limit=limit_of(notices.MOST), cursor=Cursor),
    stream_notices,
    get("/agencies/me/accesses", "accesses", "notices", "Who saw my records",
        "The latest first; of other agencies' people the agency alone.",
        audit.list_accesses, READ, limit=limit_of(notices.MOST), cursor=Cursor),

    get("/audit", "acts", "audit", "Activity",
        "Acts of your agency's people, and others' in which its records were shown, the latest first; for auditors.",
        audit.list_acts, READ,
        wanted=Annotated[audit.ActFilter, query_of(audit.ActFilter)], limit=limit_of(audit.MOST), cursor=Cursor),
    send_acts,
    get("/audit/trail", "trail", "audit", "State of the audit trail",
        "Every entry of all agencies held against the hashes of the ones before; a check older than a minute is "
        "redone.",
        audit.verify_trail, READ),
    send_head,
    get("/audit/log/consistency", "consistency", "audit log", "Proof that the log has only grown",
        "The proof between two sizes that the log has had.",
        audit_log.prove_consistency, first=TreeSize, second=TreeSize),
    get("/audit/log/inclusion", "inclusion", "audit log", "Proof that a leaf is in the log",
        "The path of a leaf, which tells nothing of its entry, in the tree of a size that the log has had.",
        audit_log.prove_inclusion, index=LeafIndex, size=TreeSize),
    get("/audit/log/keys", "keys", "audit log", "Your agency's tag keys",
        "With them your agency finds what concerns it among the log's leaves; keep them to yourselves.",
        audit_log.read_tag_keys, READ),
    send_access_proofs,

    subscribe,
    get("/subscriptions", "subscriptions", "subscriptions", "Alerts of my agency",
        "Those made last first; renewed or named, one keeps its place. One that has run out waits to be renewed.",
        alerts.list_alerts, SUBSCRIPTION),
    post("/subscriptions/{name}/renew", "renew", "subscriptions", "Renew",
         "Ninety more days, on this request's purpose and case reference.",
         alerts.renew_alert, SUBSCRIPTION, FOUND, name=AlertIdPath),
    put("/subscriptions/{name}/label", "label", "subscriptions", "Name",
        "Called so in the list and in its notices; it goes on as before, and tells nothing again.",
        alerts.label_alert, SUBSCRIPTION, FOUND,
        name=AlertIdPath, fields=_body(AlertLabelRequest)),
    delete("/subscriptions/{name}", "end", "subscriptions", "End", "What it asked is kept no longer.",
           alerts.end_alert, SUBSCRIPTION, FOUND, name=AlertIdPath),

    get("/folders", "folders", "folders", "My case folders",
        "Those that are shared with you, made last first; a supervisor may ask for those of the agency.",
        folders.list_folders, READ, whole_agency=WholeAgency),
    post("/folders", "create_folder", "folders", "Make a case folder",
         "For this request's purpose and case reference, for a year. You own it.",
         folders.create_folder, FOLDER, (ConflictError,), status=201, fields=_body(FolderTitleRequest)),
    get("/folders/{name}", "folder", "folders", "What a folder keeps",
        "In its order, as you may see it now. What you can't open, for whatever reason, is an item with an id alone.",
        folders.read_folder, READ, DECIDED,
        name=FolderIdPath, limit=limit_of(folders.MOST), cursor=CursorText),
    post("/folders/{name}/visit", "visit_folder", "folders", "Visit a folder",
         "The same; what is shown counts as seen. It stays marked as new for half an hour.",
         folders.visit_folder, READ, DECIDED,
         name=FolderIdPath, limit=limit_of(folders.MOST), cursor=CursorText),
    put("/folders/{name}", "rename_folder", "folders", "Name a folder", "For its owner.",
        folders.rename_folder, FOLDER, DECIDED, name=FolderIdPath, fields=_body(FolderTitleRequest)),
    post("/folders/{name}/renew", "renew_folder", "folders", "Renew a folder",
         "Another year, on this request's purpose and case reference; for its owner.",
         folders.renew_folder, FOLDER, DECIDED, name=FolderIdPath),
    put("/folders/{name}/members", "share_folder", "folders", "Share a folder",
        "Give somebody of your agency a role in it, or none; for its owner. Anybody may leave it.",
        folders.share_folder, FOLDER, DECIDED, name=FolderIdPath, fields=_body(FolderShare)),
    post("/folders/{name}/take-over", "take_folder_over", "folders", "Take a folder over",
         "For a supervisor of its agency, such as when its owner is gone. Who owned it stays a member.",
         folders.take_folder_over, FOLDER, DECIDED, name=FolderIdPath),
    delete("/folders/{name}", "close_folder", "folders", "Close a folder",
           "What it was called and kept is kept no longer; for its owner.",
           folders.close_folder, FOLDER, DECIDED, name=FolderIdPath),
    post("/folders/{name}/items", "add_items", "folders", "Add to a folder",
         "At its end. What is there already stays where it is; what you can't open is not kept, whether or not it is "
         "there.",
         folders.add_items, FOLDER, DECIDED, name=FolderIdPath, fields=_body(FolderAddition)),
    put("/folders/{name}/items/{item}/place", "move_item", "folders", "Move an item",
        "Behind another one, or first. Two people who move items at once lose nothing.",
        folders.move_item, FOLDER, DECIDED, name=FolderIdPath, item=ItemIdPath, fields=_body(FolderPlace)),
    delete("/folders/{name}/items/{item}", "remove_item", "folders", "Remove an item",
           "A note or chart is kept no longer.",
           folders.remove_item, FOLDER, DECIDED, name=FolderIdPath, item=ItemIdPath),
    add_note,
    edit_note,
    add_chart,
    save_chart,
    get("/folders/{name}/charts/{item}", "folder_chart", "folders", "Open a chart",
        "As it was saved; of what you can't open it says where it stands.",
        folders.read_chart, READ, DECIDED, name=FolderIdPath, item=ItemIdPath),
    send_folder,

    get("/statistics", "statistics", "statistics", "Statistics of the cases I have access to",
        "By Global Policing Goal, offence and pair of countries; beyond 10,000 cases or links nobody is answered.",
        statistics.count_statistics, READ, filters=Annotated[Filters, query_of(Filters)]),
    get("/deconfliction", "deconfliction", "statistics", "Same place and time",
        "Other agencies' open cases with an event where and when this case has one.",
        statistics.find_nearby_cases, READ, FOUND, key=CaseOf),
)  # fmt: skip


def make_router() -> APIRouter:
    """The table as FastAPI serves it."""
    router = APIRouter(prefix=PREFIX)
    for each in ENDPOINTS:
        each.add_to(router)
    return router
