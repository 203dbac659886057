"""A record as a page, where links into the portal lead: what one user sees of it."""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from typing import Any, Final

from connectors.sandbox.hubspot import api
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.oauth.apps import SCOPES
from connectors.sandbox.hubspot.oauth.people import People
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.page import page
from connectors.sandbox.wire import JSON, Request, Response

_PATH: Final = re.compile(r"/contacts/(\d+)/record/([\w-]+)/(\d+)(?:/.*)?")
_VERSION: Final = "2026-03"
_PROPERTIES: Final = {
    "0-1": ("firstname", "lastname", "email", "phone", "jobtitle"),
    "0-2": ("name", "domain", "city", "phone"),
    "0-3": ("dealname", "amount", "dealstage", "closedate"),
    "0-5": ("subject", "content", "hs_pipeline_stage", "hs_ticket_priority", "createdate"),
    "0-46": ("hs_timestamp", "hs_note_body"),
    "0-27": ("hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_status"),
    "0-48": ("hs_timestamp", "hs_call_title", "hs_call_body"),
    "0-49": ("hs_timestamp", "hs_email_subject", "hs_email_text"),
}
_LISTS: Final = (("E-mails", "0-49"), ("Notes", "0-46"), ("Calls", "0-48"), ("Tasks", "0-27"))
_TAG: Final = re.compile(r"<[^<>]*>")


class RecordPages:
    """Answers `/contacts/{portal}/record/{type id}/{id}?as={user}` with what the API tells that user's own token."""

    def __init__(self, portal: Portal, people: People) -> None:
        self._portal = portal
        self._people = people

    @staticmethod
    def owns(path: str) -> bool:
        """Whether the path is ours."""
        return _PATH.fullmatch(path) is not None

    def respond(self, request: Request) -> Response:
        """The page of one record, as the user that was chosen."""
        match = _PATH.fullmatch(request.path.rstrip("/"))
        chosen = self._people.person(request.query.get("as", ""))
        options = "".join(
            f'<option value="{escape(one.id)}"{" selected" if one == chosen else ""}>{escape(one.name)}</option>'
            for one in self._people.everybody()
        )
        form = _CHOOSE.format(people=options)
        if chosen is None:
            return page("Record", form + "<p>Choose who looks at the record.</p>", 200)
        if match is None or match[1] != self._portal.hub_id or match[2] not in _PROPERTIES:
            return page("Record", form + _NOTHING, 404)
        caller = Caller(chosen.id, "0", user_level=True, scopes=frozenset(SCOPES))
        record = self._ask(request, caller, match[2], match[3])
        if record is None:
            return page("Record", form + _NOTHING, 404)
        lists = "".join(self._list(request, caller, f"{match[2]}/{match[3]}", *spec) for spec in _LISTS)
        shown = _fields(record["properties"], _PROPERTIES[match[2]])
        title = str(
            next((record["properties"][name] for name in _PROPERTIES[match[2]] if record["properties"].get(name)), "")
        )
        return page(title or "Record", f"<h1>{escape(title)}</h1>{form}{shown}{lists}", 200)

    def _list(self, request: Request, caller: Caller, record: str, title: str, other: str) -> str:
        path = f"/crm/objects/{_VERSION}/{record}/associations/{other}"
        found = self._get(request, caller, path, {}) or {}
        ids = [str(one["toObjectId"]) for one in found.get("results", ())]
        rows = [row for row in (self._ask(request, caller, other, one) for one in ids) if row]
        rows.sort(key=lambda row: str(row["properties"].get("hs_timestamp")))
        entries = "".join(_fields(row["properties"], _PROPERTIES[other]) for row in rows)
        return f"<h2>{title}</h2>{entries}" if entries else ""

    def _ask(self, request: Request, caller: Caller, type_id: str, record_id: str) -> JSON | None:
        wanted = {"properties": ",".join(_PROPERTIES[type_id])}
        found: JSON | None = self._get(request, caller, f"/crm/objects/{_VERSION}/{type_id}/{record_id}", wanted)
        return found

    def _get(self, request: Request, caller: Caller, path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        query_string = "&".join(f"{name}={value}" for name, value in query.items())
        asked = Request("GET", path, query, {}, b"", request.base_url, query_string)
        response = api.handle(self._portal, caller, asked)
        return json.loads(response.body) if response.status == 200 else None  # noqa: PLR2004 - OK


def _fields(properties: Mapping[str, str | None], names: Iterable[str]) -> str:
    """The properties that have a value, rich text as plain text."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(unescape(_TAG.sub(' ', str(properties[name]))))}</dd>"
        for name in names
        if properties.get(name)
    )
    return f"<dl>{rows}</dl>"


_NOTHING: Final = "<p>There is no such record, or this user may not see it.</p>"
_CHOOSE: Final = """<form method="get"><label>See it as <select name="as">{people}</select>
<button value="allow">Show</button></label></form>"""
