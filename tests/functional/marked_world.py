"""The sandbox's company with a mark of its own in every text of every field, and what each user may read of it.

A mark that turns up in a prompt, a draft or the audit log tells which field of which record it came from. What a user
may read is asked of the CRM as that user, with plain requests: no code of the product takes part in that answer.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.data import generate
from connectors.sandbox.salesforce.values import Row

TEXTS: Mapping[str, tuple[str, ...]] = {
    "Case": ("Subject", "Description", "Resolution__c", "Internal_Risk_Note__c", "SuppliedName", "Product__c"),
    "EmailMessage": ("Subject", "TextBody", "HtmlBody", "FromName"),
    "CaseComment": ("CommentBody",),
    "Task": ("Subject", "Description"),
    "FeedItem": ("Body",),
    "ContentVersion": ("Title",),
    "Knowledge__kav": ("Title", "Summary", "Answer__c"),
    "Contact": ("FirstName", "LastName", "Title", "MailingStreet"),
    "Account": ("Name", "Description", "BillingStreet"),
    "Opportunity": ("Name", "NextStep"),
}
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "Case": ("Refund_Amount__c",),
    "Contact": ("Phone", "MobilePhone"),
    "Account": ("Phone", "AnnualRevenue"),
    "Opportunity": ("Amount",),
}
HIDDEN: Mapping[str, tuple[str, ...]] = {
    "Support Tier 2": ("EmailMessage.FromName", "Case.Description"),
    "Support Lead": ("Contact.LastName", "CaseComment.CommentBody"),
    "Account Manager": ("EmailMessage.TextBody", "Knowledge__kav.Answer__c", "Contact.MobilePhone"),
    "Knowledge Editor": ("Case.Resolution__c", "EmailMessage.Subject"),
    "Auditor": ("Case.Subject", "EmailMessage.FromAddress", "Knowledge__kav.Title"),
}
"""Fields that these profiles lose beside those that the example company hides, so that every field matters."""

BY_PARENT: Mapping[str, str] = {
    "FeedItem": "SELECT Id FROM FeedItem WHERE ParentId IN",
    "ContentVersion": (
        "SELECT ContentDocument.LatestPublishedVersionId FROM ContentDocumentLink WHERE LinkedEntityId IN"
    ),
}
"""Objects that users may list for named records only."""

_MARK = re.compile(r"zq[a-z]{12}|77\d{8}")
_ID = re.compile(r"\b[A-Za-z0-9]{18}\b")

Place = tuple[str, str, str]
"""Object, record id, field."""


@dataclass(frozen=True)
class World:
    """What was written to `folder`: which mark stands where, and the object of every record, by org."""

    folder: Path
    marks: dict[str, Place] = field(default_factory=dict)
    records: dict[str, dict[str, str]] = field(default_factory=dict)

    def found(self, text: str) -> set[Place]:
        """The fields whose marks stand in `text`."""
        return {self.marks[mark] for mark in _MARK.findall(text) if mark in self.marks}

    def ids(self, text: str) -> set[str]:
        """The records of any org whose ids stand in `text`."""
        known = set().union(*self.records.values())
        return set(_ID.findall(text)) & known


def write(
    folder: Path,
    keep: Callable[[str, Row], Row | None] = lambda _object, row: row,
    hidden: Mapping[str, tuple[str, ...]] = HIDDEN,
) -> World:
    """Write the marked company below `folder`. `keep` may leave out a record (None) or hand back a changed one.

    `hidden` are the fields that profiles lose.
    """
    world = World(folder)
    for document, rows in generate():
        if document.get("vendor") == "hubspot":
            continue
        org = str(document["org"]["alias"])
        target = folder / org
        target.mkdir(parents=True)
        world.records[org] = {}
        lines: dict[str, list[str]] = {}
        for object_, row in rows:
            kept = keep(object_, _marked(world, org, object_, row))
            if kept is not None:
                world.records[org][str(row["Id"])] = object_
                lines.setdefault(object_, []).append(json.dumps(kept))
        for object_, found in lines.items():
            (target / f"{object_}.jsonl").write_text("\n".join(found), encoding="utf-8")
        profiles = [
            item | {"hidden_fields": [*item["hidden_fields"], *hidden.get(item["Name"], ())]}
            for item in document["profiles"]
        ]
        shares = [share for share in document["shares"] if share["ParentId"] in world.records[org]]
        (target / "org.json").write_text(
            json.dumps(document | {"profiles": profiles, "shares": shares, "package": False}, default=list),
            encoding="utf-8",
        )
    return world


def _marked(world: World, org: str, object_: str, row: Row) -> Row:
    changed = dict(row)
    for name in TEXTS.get(object_, ()):
        value = changed.get(name)
        if isinstance(value, str) and value:
            mark = word(org, object_, str(row["Id"]), name)
            world.marks[mark] = (object_, str(row["Id"]), name)
            changed[name] = planted(value, mark)
    for name in NUMBERS.get(object_, ()):
        digits = number(org, object_, str(row["Id"]), name)
        world.marks[digits] = (object_, str(row["Id"]), name)
        changed[name] = f"+49 {digits}" if name.endswith("Phone") else int(digits)
    if object_ == "Contact":
        changed["Name"] = f"{changed.get('FirstName') or ''} {changed['LastName']}".strip()
    return changed


def word(org: str, *what: str) -> str:
    """A mark for one place."""
    digest = hashlib.sha256(":".join((org, *what)).encode()).digest()
    return "zq" + "".join(chr(ord("a") + byte % 26) for byte in digest[:12])


def number(*what: str) -> str:
    """A mark of digits for one place."""
    return f"77{int(hashlib.sha256(':'.join(what).encode()).hexdigest(), 16) % 10**8:08}"


def planted(text: str, mark: str) -> str:
    """`text` with the mark in every line, and in every text node of HTML: whatever part is shown shows it."""
    if re.search(r"</\w+>", text):
        return re.sub(r">([^<>]*\w[^<>]*)<", rf">\1 {mark}<", text)
    return "\n".join(f"{line} {mark}" if re.search(r"\w", line) else line for line in text.split("\n"))


@dataclass(frozen=True)
class Rights:
    """What the CRM itself shows to one user: the fields of each object, and the ids of each object's records."""

    fields: Mapping[str, frozenset[str]]
    ids: frozenset[str]
    objects: Mapping[str, str]

    def sees(self, record_id: str) -> bool:
        """Whether the record is hers to see."""
        return record_id in self.ids

    def may_read(self, place: Place) -> bool:
        """Whether field and record are hers to see. A contact's parts are readable in its full name as well."""
        object_, record_id, name = place
        names = {name, "Name"} if object_ == "Contact" and name in {"FirstName", "LastName"} else {name}
        names = {"VersionData"} if name == "FileText" else names  # the text of a file is read from its bytes
        return record_id in self.ids and not names.isdisjoint(self.fields[object_])


def ask(instance: str, token: str, ca_file: Path, objects: Iterable[str]) -> Rights:
    """Ask the CRM as the owner of `token`: describe and `SELECT Id` of every object."""
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Authorization"] = f"Bearer {token}"

        def get(path: str) -> dict[str, Any]:
            answer = http.get(f"{instance}{path}", verify=str(ca_file), timeout=60)
            found: dict[str, Any] = answer.json() if answer.ok else {}
            assert answer.ok or answer.status_code == requests.codes.not_found or "INVALID_TYPE" in answer.text
            return found

        base = "/services/data/v66.0"
        fields = {
            name: frozenset(item["name"] for item in get(f"{base}/sobjects/{name}/describe").get("fields", ()))
            for name in objects
        }

        def rows(resource: str, soql: str) -> list[dict[str, Any]]:
            page = get(f"{base}/{resource}?q={soql}")
            found = list(page.get("records", ()))
            while not page.get("done", True):
                page = get(page["nextRecordsUrl"])
                found += page["records"]
            return found

        ids: dict[str, str] = {}
        for name in (name for name in fields if fields[name] and name not in BY_PARENT):
            # Closed activities are archived after a year: still hers to read, by queryAll only.
            where = " WHERE PublishStatus = 'Online'" if name == "Knowledge__kav" else " WHERE IsDeleted = FALSE"
            ids |= {row["Id"]: name for row in rows("queryAll", f"SELECT Id FROM {name}{where}")}
        cases = [record_id for record_id, name in ids.items() if name == "Case"]
        for start in range(0, len(cases), 100):
            among = "(" + ",".join(f"'{case}'" for case in cases[start : start + 100]) + ")"
            for name, soql in BY_PARENT.items():
                if fields.get(name):
                    ids |= {_only(row): name for row in rows("query", f"{soql} {among}")}
    return Rights(fields, frozenset(ids), ids)


def _only(row: Mapping[str, Any]) -> str:
    """The one id that was asked for."""
    document = row.get("ContentDocument") or {}
    return str(row.get("Id") or document.get("LatestPublishedVersionId"))
