"""Attaches the files of the bank to cases, and posts in the cases' feeds."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.files import Sheet, Trick, write
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.planted import mark
from connectors.sandbox.data.scenarios import Saying
from connectors.sandbox.data.special import parse
from connectors.sandbox.data.truth import FileFact, FileTruth, HiddenText
from connectors.sandbox.salesforce.values import Row, instant, stamp

_FEED_FIRST, _FEED_STEP, _POSTS = 22, 9, 13
_BETWEEN: Final = timedelta(minutes=20)
"""From one version of a file to the next."""
_TYPES: Final = {"txt": "TEXT", "html": "HTML", "pdf": "PDF", "docx": "WORD_X", "png": "PNG"}


@dataclass(frozen=True, slots=True)
class _Content:
    """What one version of a file holds: pages of parsed paragraphs, and the bytes."""

    pages: list[list[tuple[list[str], list[Saying]]]]
    tricks: list[Trick]
    data: bytes


def attach_files(builder: OrgBuilder, staff: Staff, named: Mapping[str, Row]) -> None:
    """Add the org's files; `named` holds the cases of the bank that files name, whose first mail brings them along."""
    cases = [row for name, row in builder.records if name == "Case"]
    mails: dict[object, Row] = {}
    for name, row in builder.records:
        if name == "EmailMessage":
            mails.setdefault(row["ParentId"], row)
    for entry in bank("files")["files"]:
        if entry["org"] != builder.alias:
            continue
        if isinstance(entry["case"], int):
            _attach(builder, staff, [cases[entry["case"]]], entry)
        else:
            case = named[entry["case"]]
            mails[case["Id"]]["HasAttachment"] = True
            _attach(builder, staff, [case, mails[case["Id"]]], entry)


def _attach(builder: OrgBuilder, staff: Staff, places: Sequence[Row], entry: Mapping[str, Any]) -> None:
    """One file: its document, its versions with the bytes, and links to `places`, of which the first is the case."""
    contents = [_content(entry["name"], entry | entry["before"])] if "before" in entry else []
    contents.append(_content(entry["name"], entry))
    document_id = builder.mint("ContentDocument")
    version_ids = [builder.mint("ContentVersion") for _ in contents]
    at, by = _after_first(places[0]), staff.agents["robot"].id
    about: Row = {"Id": document_id, "LatestPublishedVersionId": version_ids[-1]}
    builder.add("ContentDocument", at, by, about | _described(entry["name"], contents[-1].data, at, by))
    for number, (version_id, content) in enumerate(zip(version_ids, contents, strict=True), 1):
        latest = number == len(contents)
        version: Row = {
            "Id": version_id,
            "ContentDocumentId": document_id,
            "PathOnClient": entry["name"],
            "VersionNumber": str(number),
            "IsLatest": latest,
            "FirstPublishLocationId": places[0]["Id"],
            "Checksum": hashlib.md5(content.data, usedforsecurity=False).hexdigest(),
            "VersionData": base64.b64encode(content.data).decode(),
        }
        when = at + number * _BETWEEN
        builder.add("ContentVersion", when, by, version | _described(entry["name"], content.data, when, by))
        broken = "broken" in entry
        builder.files[version_id] = FileTruth(
            builder.alias,
            str(places[0]["Id"]),
            document_id,
            entry["name"],
            pages=() if broken else tuple("\n".join(t for texts, _ in page for t in texts) for page in content.pages),
            facts=tuple(
                FileFact(saying.kind, saying.text, place, saying.due)
                for place, page in enumerate(content.pages, 1)
                for _, sayings in page
                for saying in sayings
            ),
            hidden=tuple(HiddenText(trick.disguise, trick.text, trick.page) for trick in content.tricks),
            latest=latest,
        )
    for place in places:
        link: Row = {"LinkedEntityId": place["Id"], "ContentDocumentId": document_id, "ShareType": "V"}
        builder.add("ContentDocumentLink", at, by, link | {"Visibility": "AllUsers"})


def _content(name: str, entry: Mapping[str, Any]) -> _Content:
    parsed = [[parse(paragraph) for paragraph in page] for page in entry["pages"]]
    pages = [[text for texts, _ in page for text in texts] for page in parsed]
    tricks = [Trick(**trick) for trick in entry.get("hidden", ())]
    return _Content(parsed, tricks, write(name, Sheet(entry["title"], pages, tricks), entry.get("broken", "")))


def _described(name: str, data: bytes, at: datetime, by: str) -> Row:
    """What a document and its version both say of the file."""
    title, _, extension = name.rpartition(".")
    return {
        "Title": title,
        "OwnerId": by,
        "FileType": _TYPES[extension],
        "FileExtension": extension,
        "ContentSize": len(data),
        "ContentModifiedDate": stamp(at),
        "PublishStatus": "P",
    }


def post_feed(builder: OrgBuilder, staff: Staff, named: Mapping[str, Row]) -> None:
    """Add posts by the owners of some cases (or the lead of a queue's), with the customer's name in some.

    The cases `named` get one each, besides some ordinary ones.
    """
    cases = [row for name, row in builder.records if name == "Case"]
    chosen = [*named.values(), *cases[_FEED_FIRST::_FEED_STEP][:_POSTS]]
    people = {str(row["Id"]): row for name, row in builder.records if name == "Contact"}
    agents = {agent.id: agent for agent in staff.agents.values()}
    for number, case in enumerate(chosen):
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
