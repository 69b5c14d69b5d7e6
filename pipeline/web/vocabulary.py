"""Words for codes of closed lists: what the system writes in English letters, and how people call it."""

from __future__ import annotations

from pipeline.access.requester import ASKABLE, Role
from pipeline.api.services.export_words import VERDICTS
from pipeline.locale import N_, NC_

PURPOSES = {
    "investigation": N_("Investigation"),
    "prosecution": N_("Prosecution"),
    "prevention": N_("Prevention"),
    "missing_person": N_("Missing person"),
    "border_check": N_("Border check"),
    "correlation": N_("Correlation"),
}
STATED = tuple(purpose for purpose in PURPOSES if purpose in ASKABLE)
"""The purposes that somebody can state, in the order of the choice."""

ROLES = {
    Role.INVESTIGATOR: N_("Investigator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.AUDITOR: N_("Auditor"),
    Role.OPS: N_("Operations"),
    Role.FEED: N_("Feed"),
    Role.OPERATOR: N_("Operator"),
}

STATUSES = {"active": NC_("case", "Active"), "corrected": N_("Corrected"), "withdrawn": N_("Withdrawn")}

ASK = NC_("button", "Search")
"""What a button says that searches, where other languages have a noun for the page."""

THEME_WORDS = {"auto": N_("System"), "light": N_("Light"), "dark": N_("Dark")}

DENSITY_WORDS = {"normal": N_("Normal"), "dense": N_("Dense"), "loose": N_("Loose")}

URGENCIES = {"routine": N_("Routine"), "urgent": N_("Urgent"), "immediate": N_("Immediate")}

OVERSIGHTS = {
    "awaiting_confirmation": N_("Awaiting a second supervisor"),
    "confirmed": N_("Confirmed by a second supervisor"),
    "awaiting_review": N_("Awaiting the owner's review"),
    "overdue": N_("Review overdue"),
    "justified": N_("Reviewed: justified"),
    "not_justified": N_("Reviewed: not justified"),
    "opened_by_one": N_("Opened by one supervisor, under the earlier rule"),
}
"""Who has looked at a break-glass."""

GLASS_REVIEWS = {"justified": N_("Justified"), "not_justified": N_("Not justified")}

REVIEWS = VERDICTS

NOTICES = {
    "subscription_match": N_("New match for an alert"),
    "shared_interest": N_("Another agency is searching for the same"),
    "silent_search": N_("Someone searched for one of your silent records"),
    "silent_link": N_("New link to one of your silent records"),
    "guesses_refused": N_("Cases of yours ask a name with too many birth dates or numbers for hit-only records"),
    "hit_told": N_("Another agency received a hit on one of your hit-only records"),
    "break_glass": N_("A supervisor used emergency access"),
    "break_glass_request": N_("A supervisor of your agency needs a second confirmation"),
    "disclosure_request": N_("Another agency requests access to a record"),
    "disclosure_answer": N_("Reply to your access request"),
    "expiry": N_("A record expires soon"),
}

NAME_KINDS = {"alias": N_("alias"), "birth": N_("birth name"), "maiden": N_("birth name"), "nickname": N_("nickname")}

VIEWS = {"full": N_("full content"), "hit": N_("hit only"), "nothing": N_("no access")}
"""How a case is seen."""

FORMS = {"full": VIEWS["full"], "hit": VIEWS["hit"], "counted": N_("counted among few")}
"""How an act showed a record."""

ACTS = {
    "search": N_("Search"),
    "read": N_("View"),
    "export": N_("Export"),
    "disclosure": N_("Access request"),
    "review": N_("Review"),
    "subscription": N_("Alert"),
    "folder": N_("Case folder"),
    "push": N_("Records sent"),
    "operation": N_("Operation"),
    "refused": N_("Request refused"),
}

RULES = {
    "withdrawn": N_("withdrawn by its owner"),
    "expired": N_("retention has ended"),
    "operator": N_("system operator"),
    "reads_nothing": N_("this role has no access to records"),
    "owner": N_("owner agency"),
    "not_released": N_("not released to the country"),
    "purpose": N_("purpose not allowed"),
    "released": N_("released to the country"),
    "silent": N_("handling code H3"),
    "granted": N_("access granted by the owner"),
    "break_glass": N_("emergency access"),
    "hit_only": N_("handling code H2"),
}
"""Why a record is seen as it is: the rules of the policy."""

REQUEST_RULES = {
    "role": N_("allowed by a role"),
    "operator": N_("system operator"),
    "command": N_("command on the server"),
    "not_shown": N_("not found, or no access"),
    "no_session": N_("not signed in"),
    "not_allowed": N_("role does not allow it"),
    "no_grounds": N_("purpose or case reference missing"),
    "malformed": N_("invalid request"),
}
"""Why a request was answered or refused."""

FAULTS = {
    "altered": N_("altered"),
    "missing": N_("earlier entries are missing"),
    "reordered": N_("out of order"),
    "cut_short": N_("end is missing"),
}
"""What may be wrong with the audit trail."""

FILE_FORMATS = {
    "ndjson": "NDJSON",
    "csv": "CSV",
    "excel": N_("CSV for Excel"),
    "ftm": "FollowTheMoney",
    "stix": "STIX 2.1",
}
