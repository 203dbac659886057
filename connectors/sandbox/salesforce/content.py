"""Files: a document, its versions with their bytes, and the links that tie it to records and people."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.errors import bad_json
from connectors.sandbox.salesforce.values import Json, Row, Value, text_of

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.org import Org

DOCUMENT: Final = "ContentDocument"
VERSION: Final = "ContentVersion"
LINK: Final = "ContentDocumentLink"
_VIEWER, INFERRED = "V", "I"
_SHARED: Final = "N"
"""`SharingPrivacy`: visible to anyone with access to the record."""
_BLOB_PATH: Final = "/services/data/v68.0/sobjects/ContentVersion/{}/VersionData"
_TYPES: Final = {
    "csv": "CSV", "doc": "WORD", "docx": "WORD_X", "eml": "EML", "gif": "GIF", "htm": "HTML", "html": "HTML",
    "jpeg": "JPG", "jpg": "JPG", "json": "JSON", "log": "TEXT", "msg": "MSG", "pdf": "PDF", "png": "PNG",
    "ppt": "POWER_POINT", "pptx": "POWER_POINT_X", "txt": "TEXT", "xls": "EXCEL", "xlsx": "EXCEL_X", "xml": "XML",
    "zip": "ZIP",
}  # fmt: skip


def decoded(value: object) -> bytes:
    """The bytes of `VersionData`: base64 text in JSON, or bytes that came by multipart.

    Raises:
        ApiError: `JSON_PARSER_ERROR`.
    """
    if isinstance(value, bytes):
        return value
    try:
        if not isinstance(value, str):
            raise TypeError  # noqa: TRY301 - one answer for both
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise bad_json("Cannot deserialize instance of base64 from value of field VersionData") from None


def checksum_of(data: bytes) -> str:
    """What `Checksum` says of a file: its MD5, which protects nothing."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def blob_of(org: "Org", version: Row) -> bytes:
    """The bytes of a version; empty when it was loaded without any."""
    return org.store.blobs.get(text_of(version, "Checksum"), b"")


def with_blob_paths(page: Json) -> Json:
    """A page of records whose `VersionData`, the path of the bytes, names the API version of the records' addresses."""
    records = page.get("records")
    if not isinstance(records, list) or "VersionData" not in str(records[:1]):
        return page
    stack: list[object] = list(records)
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            attributes = node.get("attributes")
            if node.get("VersionData") and isinstance(attributes, dict):
                node["VersionData"] = f"{attributes['url']}/VersionData"
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return page


def complete(org: "Org", blobs: Mapping[str, bytes]) -> None:
    """Publish the versions of a load, whose bytes are in `blobs` by version id, in the order of their numbers."""
    rows = [row for row in org.store.tables[VERSION].rows.values() if not row.get("IsDeleted")]
    for row in sorted(rows, key=lambda row: int(text_of(row, "VersionNumber") or 0)):
        publish(org, text_of(row, "Id"), blobs.get(text_of(row, "Id"), b""))
    for row in org.store.tables[LINK].rows.values():
        mark_mail(org, row.get("LinkedEntityId"))


def publish(org: "Org", version_id: str, data: bytes) -> None:
    """Keep the bytes of a stored version, and make it the latest of its document.

    A version without a document gets a new one. The document is linked to its owner and to the place where the version
    was first published, unless it is already.
    """
    version = org.store.tables[VERSION].rows[version_id]
    checksum = checksum_of(data)
    org.store.blobs[checksum] = data
    document_id = text_of(version, "ContentDocumentId") or org.new_id(org.kind(DOCUMENT))
    newest = 0
    for other in list(org.store.linked(VERSION, "ContentDocumentId", document_id)):
        if other["Id"] != version_id:
            newest = max(newest, int(text_of(other, "VersionNumber") or 0))
            org.store.put(VERSION, text_of(other, "Id"), other | {"IsLatest": False})
    extension = text_of(version, "PathOnClient").rpartition("/")[2].rpartition(".")[2].lower()
    facts: Row = {
        "FileExtension": extension,
        "FileType": _TYPES.get(extension, "UNKNOWN"),
        "ContentSize": len(data),
        "ContentModifiedDate": version.get("ContentModifiedDate") or version["LastModifiedDate"],
        "PublishStatus": "P" if version.get("FirstPublishLocationId") else "R",
    }
    org.store.put(
        VERSION,
        version_id,
        version
        | facts
        | {
            "ContentDocumentId": document_id,
            "FirstPublishLocationId": version.get("FirstPublishLocationId") or version["OwnerId"],
            "VersionData": _BLOB_PATH.format(version_id),
            "VersionNumber": text_of(version, "VersionNumber") or str(newest + 1),
            "IsLatest": True,
            "Checksum": checksum,
        },
    )
    _update_document(org, document_id, version, facts)
    link(org, document_id, version["OwnerId"], INFERRED)
    link(org, document_id, version.get("FirstPublishLocationId"), INFERRED)


def rename(org: "Org", document_id: str, fields: Row) -> None:
    """Carry a new title or description from the latest version to its document, or the other way round."""
    document = org.store.get(DOCUMENT, document_id)
    if document is not None:
        org.store.put(DOCUMENT, document_id, document | fields)
    for version in list(org.store.linked(VERSION, "ContentDocumentId", document_id)):
        if version.get("IsLatest"):
            org.store.put(VERSION, text_of(version, "Id"), version | fields)


def link(org: "Org", document_id: str, entity_id: Value, share: str = _VIEWER) -> None:
    """Tie a document to a record or person, once."""
    links = org.store.linked(LINK, "ContentDocumentId", document_id)
    if entity_id is None or any(row.get("LinkedEntityId") == entity_id for row in links):
        return
    kind = org.kind(LINK)
    record_id = org.new_id(kind)
    row: Row = {
        "Id": record_id,
        "IsDeleted": False,
        "SystemModstamp": org.now(),
        "LinkedEntityId": entity_id,
        "ContentDocumentId": document_id,
        "ShareType": share,
        "Visibility": "AllUsers",
    }
    org.store.put(LINK, record_id, row)
    mark_mail(org, entity_id)


def mark_mail(org: "Org", entity_id: Value) -> None:
    """An e-mail with a file says that it has one."""
    mail = org.store.get("EmailMessage", entity_id)
    if mail is not None:
        org.store.put("EmailMessage", text_of(mail, "Id"), mail | {"HasAttachment": True})


def _update_document(org: "Org", document_id: str, version: Row, facts: Row) -> None:
    known = org.store.get(DOCUMENT, document_id)
    if known is None:
        kind = org.kind(DOCUMENT)
        inherited = ("OwnerId", "CreatedDate", "CreatedById", "SharingOption", "SharingPrivacy")
        known = {field.name: field.default for field in kind.fields.values()}
        known |= {"Id": document_id} | {name: version[name] for name in inherited if version.get(name) is not None}
    moved = ("Title", "Description", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
    news = {name: version.get(name) for name in moved} | {"SharingPrivacy": known.get("SharingPrivacy") or _SHARED}
    org.store.put(DOCUMENT, document_id, known | facts | news | {"LatestPublishedVersionId": version["Id"]})
