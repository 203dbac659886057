"""Attaches the files of the bank to cases, and posts in the cases' feeds."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.files import Sheet, Trick, write
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.planted import mark
from connectors.sandbox.data.special import parse
from connectors.sandbox.data.truth import FileFact, FileTruth, HiddenText
from connectors.sandbox.salesforce.values import Row, instant, stamp

_FEED_FIRST, _FEED_STEP, _POSTS = 22, 9, 13
_TYPES: Final = {"txt": "TEXT", "html": "HTML", "pdf": "PDF", "docx": "WORD_X", "png": "PNG"}


def attach_files(builder: OrgBuilder, staff: Staff, named: Mapping[str, Row]) -> None:
    """Add the org's files; `named` holds the cases of the bank that files name."""
    cases = [row for name, row in builder.records if name == "Case"]
    for entry in bank("files")["files"]:
        if entry["org"] == builder.alias:
            case = cases[entry["case"]] if isinstance(entry["case"], int) else named[entry["case"]]
            _attach(builder, staff, case, entry)


def _attach(builder: OrgBuilder, staff: Staff, case: Row, entry: Mapping[str, Any]) -> None:
    """One file: its document, its only version with the bytes, and the link to the case."""
    parsed = [[parse(paragraph) for paragraph in page] for page in entry["pages"]]
    pages = [[text for texts, _ in page for text in texts] for page in parsed]
    tricks = [Trick(**trick) for trick in entry.get("hidden", ())]
    data = write(entry["name"], Sheet(entry["title"], pages, tricks), entry.get("broken", ""))
    document_id, version_id = builder.mint("ContentDocument"), builder.mint("ContentVersion")
    at, by = _after_first(case), staff.agents["robot"].id
    extension = entry["name"].rpartition(".")[2]
    shared: Row = {
        "Title": entry["name"].rpartition(".")[0],
        "OwnerId": by,
        "FileType": _TYPES[extension],
        "FileExtension": extension,
        "ContentSize": len(data),
        "ContentModifiedDate": stamp(at),
        "PublishStatus": "P",
    }
    builder.add("ContentDocument", at, by, {"Id": document_id, "LatestPublishedVersionId": version_id, **shared})
    builder.add(
        "ContentVersion",
        at,
        by,
        {
            "Id": version_id,
            "ContentDocumentId": document_id,
            "PathOnClient": entry["name"],
            "VersionNumber": "1",
            "IsLatest": True,
            "FirstPublishLocationId": case["Id"],
            "Checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "VersionData": base64.b64encode(data).decode(),
            **shared,
        },
    )
    links = {"LinkedEntityId": case["Id"], "ContentDocumentId": document_id, "ShareType": "V", "Visibility": "AllUsers"}
    builder.add("ContentDocumentLink", at, by, {**links})
    broken = "broken" in entry
    builder.files[version_id] = FileTruth(
        builder.alias,
        str(case["Id"]),
        document_id,
        entry["name"],
        pages=() if broken else tuple("\n".join(page) for page in pages),
        facts=tuple(
            FileFact(saying.kind, saying.text, number, saying.due)
            for number, page in enumerate(parsed, 1)
            for _, sayings in page
            for saying in sayings
        ),
        hidden=tuple(HiddenText(trick.disguise, trick.text, trick.page) for trick in tricks),
    )


def post_feed(builder: OrgBuilder, staff: Staff) -> None:
    """Add posts by the owners of some cases (or the lead of a queue's), with the customer's name in some."""
    cases = [row for name, row in builder.records if name == "Case"]
    people = {str(row["Id"]): row for name, row in builder.records if name == "Contact"}
    agents = {agent.id: agent for agent in staff.agents.values()}
    for number in range(_POSTS):
        case = cases[_FEED_FIRST + _FEED_STEP * number]
        if case["Id"] in builder.restricted:
            continue
        contact = people[str(case["ContactId"])]
        author = agents.get(str(case["OwnerId"])) or staff.holder("profile", "lead")
        entry = bank("files")["feed"][number % len(bank("files")["feed"])]
        first = str(contact["FirstName"])
        post = builder.add(
            "FeedItem",
            min(_after_first(case) + timedelta(hours=number), NOW),
            author.id,
            {
                "ParentId": case["Id"],
                "Type": "TextPost",
                "Body": entry["text"].format(first=first, agent=author.first),
                "IsRichText": entry.get("rich", False),
                "Visibility": "InternalUsers",
                "Status": "Published",
                "InsertedById": author.id,
                "CommentCount": 0,
                "LikeCount": 0,
            },
        )
        mark(builder, "FeedItem", post, ("Body",), {first: "name", author.first: "name"})


def _after_first(case: Row) -> datetime:
    """A little after the case was opened."""
    moment = instant(str(case["CreatedDate"]))
    if moment is None:
        raise ValueError("a case without a date")
    return moment + timedelta(minutes=3)
