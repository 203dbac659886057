"""A record as a page, where links into the CRM lead: what one user sees of it, and nothing to click but who that is."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

from connectors.sandbox.page import page
from connectors.sandbox.salesforce import api
from connectors.sandbox.salesforce.call import NEWEST_VERSION
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.wire import Request, Response

_VERSION: Final = f"/services/data/v{NEWEST_VERSION}.0"
_LISTS: Final = (
    ("E-mails", "EmailMessage", "ParentId", "TextBody"),
    ("Comments", "CaseComment", "ParentId", "CommentBody"),
    ("Tasks", "Task", "WhatId", "Subject"),
)
_NOT_SHOWN: Final = frozenset({"attributes", "IsDeleted", "SystemModstamp", "LastViewedDate", "LastReferencedDate"})


class RecordPages:
    """Answers `/lightning/r/{object}/{id}/view?as={user}` with what the REST API tells that user."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def respond(self, request: Request) -> Response:
        """The page of one record, as the user that was chosen."""
        _, _, kind, record_id, *_ = [*request.path.strip("/").split("/"), "", "", "", ""]
        chosen = request.query.get("as", "")
        user = self._org.user(chosen) or self._org.user_by_name(chosen)
        form = _CHOOSE.format(people="".join(self._option(person, user) for person in self._org.users()))
        if user is None:
            return page("Record", form + "<p>Choose who looks at the record.</p>", 200)
        record = self._ask(request, str(user["Id"]), f"/sobjects/{quote(kind)}/{quote(record_id)}", {})
        if not isinstance(record, dict):
            return page("Record", form + "<p>There is no such record, or this user may not see it.</p>", 404)
        title = str(record.get("CaseNumber") or record.get("Name") or record.get("Subject") or kind)
        shown = [(name, value) for name, value in record.items() if _is_telling(name) and value is not None]
        lists = "".join(self._list(request, str(user["Id"]), str(record["Id"]), *spec) for spec in _LISTS)
        return page(f"{kind} {title}", f"<h1>{escape(f'{kind} {title}')}</h1>{form}{_fields(shown)}{lists}", 200)

    def _list(self, request: Request, user_id: str, parent: str, *spec: str) -> str:
        title, kind, lookup, text = spec
        soql = (
            f"SELECT {text}, CreatedBy.Name, CreatedDate FROM {kind} WHERE {lookup} = '{parent}' ORDER BY CreatedDate"  # noqa: S608 - ids and constants only
        )
        found = self._ask(request, user_id, "/query", {"q": soql})
        rows = found["records"] if isinstance(found, dict) else []
        entries = [(f"{row['CreatedDate']}, {(row.get('CreatedBy') or {}).get('Name')}", row.get(text)) for row in rows]
        return f"<h2>{title}</h2>{_fields(entries)}" if entries else ""

    def _ask(self, request: Request, user_id: str, path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        response = api.handle(self._org, user_id, request.base_url, api.ApiRequest("GET", _VERSION + path, query))
        return json.loads(response.body)

    @staticmethod
    def _option(person: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> str:
        selected = " selected" if chosen and person["Id"] == chosen["Id"] else ""
        return f'<option value="{escape(person["Id"])}"{selected}>{escape(str(person.get("Name")))}</option>'


def _is_telling(name: str) -> bool:
    """Whether a person wants to see the field: not the plumbing, not ids of other records."""
    return name not in _NOT_SHOWN and (name == "Id" or not name.endswith("Id"))


def _fields(values: Iterable[tuple[str, Any]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>' for name, value in values)}</dl>"


_CHOOSE: Final = """<form method="get"><label>See it as <select name="as">{people}</select>
<button value="allow">Show</button></label></form>"""
