"""Files of a record: which there are comes with the record; their text costs one more round trip for all together.

Salesforce keeps a file as a ContentDocument with versions, and links it to records; a version never changes (contract,
1.7). The text of a version is extracted here (`connectors.files`) and appears as its field `FileText`: pages of HTML,
separated by form feeds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.errors import NotFound
from connectors.files import Limits, extract, kind_of
from connectors.interfaces import Record, RecordRef
from connectors.salesforce import readers
from connectors.salesforce.client import Client
from connectors.salesforce.composite import Sub, query
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.records import CRM
from connectors.salesforce.soql import literal, parse_time, select

OBJECT = "ContentVersion"
LINK = "ContentDocumentLink"
TEXT = "FileText"
"""A field that Salesforce does not have: the text of the file."""
PAGE_BREAK = "\f"
MOST_FILES = 3
"""The newest files of a record that are read."""
LIMITS = Limits()

_DOCUMENT = "ContentDocument"
_NEWEST = f"{_DOCUMENT}.LastModifiedDate"
LINK_PATHS = (
    *(
        f"{_DOCUMENT}.{name}"
        for name in (
            "LatestPublishedVersionId", "Title", "FileExtension", "ContentSize", "CreatedDate", "LastModifiedDate",
            "CreatedBy.Name", "SharingPrivacy",
        )
    ),
    "Visibility",
)  # fmt: skip
"""What is asked of a record's links. A link is seen by who sees the record; the document by who may open the file."""


def links(name: str, record_id: str, shapes: Shapes) -> Sub | None:
    """The query for the files of a record; None when this user sees no files."""
    shown = [path for path in LINK_PATHS if visible(path, LINK, shapes)]
    if LINK_PATHS[0] not in shown or _NEWEST not in shown or not shapes.get(OBJECT):
        return None
    tail = f"ORDER BY {_NEWEST} DESC LIMIT {MOST_FILES + 1}"
    return query(name, select(shown, LINK, f"LinkedEntityId = {literal(record_id)}", tail))


def of_record(
    client: Client, rows: Sequence[Mapping[str, Any]], parent: RecordRef, wanted: Iterable[str]
) -> tuple[list[Record], int]:
    """The newest files of a record with their text, and how many have none for us (kind, size, damage, too many)."""
    linked = [row for row in rows if isinstance(row.get(_DOCUMENT), Mapping)]
    linked = [link for link in linked if link[_DOCUMENT].get("LatestPublishedVersionId")]
    versions = [_as_version(link[_DOCUMENT]) for link in linked]
    records = [
        replace(_record(version, parent, wanted), audience=readers.of_file(link))
        for version, link in zip(versions[:MOST_FILES], linked, strict=False)
    ]
    texts = _texts(client, versions[:MOST_FILES]) if TEXT in set(wanted) else {}
    unread = sum(not texts.get(record.ref.id) for record in records) + len(versions[MOST_FILES:])
    return [_with(record, texts.get(record.ref.id)) for record in records], unread


def filled(
    client: Client, found: Mapping[RecordRef, Record], rows: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]
) -> dict[RecordRef, Record]:
    """Versions that were read again, with their text. One that is no longer the newest has none: it was replaced."""
    if TEXT not in set(wanted):
        return dict(found)
    texts = _texts(client, [row for row in rows.values() if row.get("IsLatest") is not False])
    return {ref: _with(record, texts.get(record.ref.id) or "") for ref, record in found.items()}


def _as_version(document: Mapping[str, Any]) -> dict[str, Any]:
    """The newest version, as far as its document tells."""
    return {**document, "Id": document["LatestPublishedVersionId"]}


def _record(version: Mapping[str, Any], parent: RecordRef, wanted: Iterable[str]) -> Record:
    title = str(version.get("Title") or "")
    author = version.get("CreatedBy")
    return Record(
        ref=RecordRef(CRM, OBJECT, str(version["Id"])),
        fields={name: version.get(name) for name in wanted if name in version and name != TEXT},
        version=str(version.get("LastModifiedDate") or ""),
        parent=parent,
        title=title,
        author=str(author.get("Name") or "") if isinstance(author, Mapping) else "",
        at=parse_time(version.get("CreatedDate")),
    )


def _with(record: Record, text: str | None) -> Record:
    return record if text is None else replace(record, fields={**record.fields, TEXT: text})


def _texts(client: Client, versions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Version id -> pages of HTML; what cannot be read is absent."""
    readable = [
        version
        for version in versions
        if kind_of(str(version.get("FileExtension") or "")) and int(version.get("ContentSize") or 0) <= LIMITS.size
    ]
    calls = [f"sobjects/{OBJECT}/{version['Id']}/VersionData" for version in readable]
    found: dict[str, str] = {}
    for version, data in zip(readable, client.downloads(calls, LIMITS.size), strict=True):
        if isinstance(data, NotFound):  # taken away between the two requests
            continue
        if isinstance(data, Exception):
            raise data
        read = extract(data, kind_of(str(version["FileExtension"])), LIMITS)
        if read.pages:
            found[str(version["Id"])] = PAGE_BREAK.join(read.pages)
    return found
