"""Files: who reaches them, how their bytes come in and go out, and what versions and links do."""

import base64
import hashlib
import json
from typing import Any

import pytest

from connectors.sandbox.salesforce.api import ApiRequest, handle
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import (
    ACME,
    ADMIN,
    ANN,
    AUDITOR,
    BASE,
    BEN,
    BOSS,
    CASE_ANN,
    CASE_SHARED,
    CAT,
    MAIL_ANN,
    OUTSIDER,
    TEAM,
    FakeClock,
    Reply,
    V,
    World,
    document,
    records,
)

PDF = b"%PDF-1.7\r\n\x00\xff--not a boundary\r\n"
LINKS = (
    f"SELECT Id, ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '{CASE_ANN}'"
)


@pytest.fixture
def world() -> World:
    """A fresh org."""
    return World()


def upload(world: World, user: str = ANN, **fields: object) -> Reply:
    """Insert a version as JSON."""
    body = {"PathOnClient": "manual.v2.pdf", "VersionData": base64.b64encode(PDF).decode(), **fields}
    return world.call(user, "POST", "/sobjects/ContentVersion", body)


def download(world: World, user: str, version_id: str) -> tuple[int, bytes, str]:
    """Status, body and type of the raw bytes."""
    path = f"{V}/sobjects/ContentVersion/{version_id}/VersionData"
    answer = handle(world.org, user, BASE, ApiRequest("GET", path))
    return answer.status, answer.body, answer.headers.get("Content-Type", "")


def row(world: World, version_id: str) -> dict[str, Any]:
    """A version as its owner reads it."""
    found: dict[str, Any] = world.call(ANN, "GET", f"/sobjects/ContentVersion/{version_id}").body
    return found


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"VersionData": "%%%"}, 400, "JSON_PARSER_ERROR"),
        ({"VersionData": 7}, 400, "JSON_PARSER_ERROR"),
        ({"VersionData": None}, 400, "REQUIRED_FIELD_MISSING"),
        ({"PathOnClient": None, "Title": "x"}, 400, "REQUIRED_FIELD_MISSING"),
        ({"Checksum": "0"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"FirstPublishLocationId": CASE_SHARED}, 400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        ({"FirstPublishLocationId": "nonsense"}, 400, "MALFORMED_ID"),
        ({"ContentDocumentId": mint("069", "5e0", 99)}, 400, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_bad_upload_is_refused_and_leaves_nothing(
    world: World, fields: dict[str, Any], status: int, code: str
) -> None:
    """Broken base64, missing parts, read-only fields and places out of reach are the client's error."""
    reply = upload(world, **fields)
    assert (reply.status, reply.code) == (status, code)
    assert not world.org.records["ContentVersion"]
    assert not world.org.records["ContentDocument"]


def test_a_shared_record_that_may_only_be_read_takes_no_file(world: World) -> None:
    """Ben reads the shared case but may not edit it, so he cannot attach to it."""
    assert (
        upload(world, BEN, FirstPublishLocationId=CASE_SHARED).code == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    )


def test_upload_makes_document_and_links(world: World) -> None:
    """One insert gives a version with its facts, a document, and links to its owner and to its place."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    assert {
        name: version[name]
        for name in ("Title", "FileType", "FileExtension", "ContentSize", "VersionNumber", "IsLatest", "Checksum")
    } == {
        "Title": "manual.v2",
        "FileType": "PDF",
        "FileExtension": "pdf",
        "ContentSize": len(PDF),
        "VersionNumber": "1",
        "IsLatest": True,
        "Checksum": hashlib.md5(PDF, usedforsecurity=False).hexdigest(),
    }
    assert version["VersionData"].endswith(f"/sobjects/ContentVersion/{version['Id']}/VersionData")
    [link] = world.soql(ANN, LINKS).body["records"]
    assert link["ContentDocument"]["Title"] == "manual.v2"
    by_document = (
        f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{link['ContentDocumentId']}'"
    )
    assert {item["LinkedEntityId"] for item in world.soql(ANN, by_document).body["records"]} == {ANN, CASE_ANN}


@pytest.mark.parametrize(
    ("user", "found"), [(ANN, 1), (BOSS, 1), (ADMIN, 1), (AUDITOR, 1), (BEN, 0), (CAT, 0), (OUTSIDER, 0)]
)
def test_a_file_shows_to_the_readers_of_its_record(world: World, user: str, found: int) -> None:
    """Bytes, version, document and link of a case's file follow the case, row by row."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    status, body, _ = download(world, user, version["Id"])
    assert (status, body) == (200, PDF) if found else status == 404
    assert len(world.ids(user, LINKS)) == found
    for kind in ("ContentVersion", "ContentDocument"):
        assert len(world.ids(user, f"SELECT Id FROM {kind} WHERE Id != null")) == found


def test_a_file_that_is_private_on_records_is_not_opened_by_them(world: World) -> None:
    """It hangs on the case and shows to its owner alone; a link to a person still opens it."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN, SharingPrivacy="P").body["id"])
    about = f"/sobjects/ContentDocument/{version['ContentDocumentId']}"
    assert world.call(ANN, "GET", about).body["SharingPrivacy"] == "P"
    assert [download(world, user, version["Id"])[0] for user in (ANN, BOSS, AUDITOR)] == [200, 404, 404]
    body = {"ContentDocumentId": version["ContentDocumentId"], "LinkedEntityId": BEN, "ShareType": "V"}
    assert world.call(ANN, "POST", "/sobjects/ContentDocumentLink", body).status == 201
    assert download(world, BEN, version["Id"])[0] == 200


def test_a_private_file_is_its_owners(world: World) -> None:
    """A file linked to nothing shows to its owner, not to those above her; a link shares it until it is deleted."""
    version = row(world, upload(world).body["id"])
    assert download(world, BOSS, version["Id"])[0] == 404
    body = {"ContentDocumentId": version["ContentDocumentId"], "LinkedEntityId": BEN, "ShareType": "V"}
    link = world.call(ANN, "POST", "/sobjects/ContentDocumentLink", body)
    assert link.status == 201
    assert download(world, BEN, version["Id"])[:2] == (200, PDF)
    assert world.call(BEN, "PATCH", f"/sobjects/ContentVersion/{version['Id']}", {"Title": "x"}).status == 403
    assert world.call(BEN, "DELETE", f"/sobjects/ContentDocumentLink/{link.body['id']}").status == 403
    assert world.call(ANN, "DELETE", f"/sobjects/ContentDocumentLink/{link.body['id']}").status == 204
    assert download(world, BEN, version["Id"])[0] == 404


def test_query_all_files_is_a_right_of_its_own() -> None:
    """An administrator sees the files of all records; what a user keeps to herself, only with Query All Files."""
    world = World()
    private, public = (upload(world, **fields).body["id"] for fields in ({}, {"FirstPublishLocationId": CASE_ANN}))
    unfiltered = "SELECT Id FROM ContentDocumentLink"
    assert [download(world, ADMIN, version)[0] for version in (private, public)] == [404, 200]
    assert world.soql(ADMIN, unfiltered).code == "MALFORMED_QUERY"
    rights = document()
    rights["profiles"][0]["permissions"].append("QueryAllFiles")
    world.org = Org.load(rights, records(), world.clock)
    private = upload(world).body["id"]
    assert download(world, ADMIN, private)[0] == 200
    assert world.call(ADMIN, "PATCH", f"/sobjects/ContentVersion/{private}", {"Title": "x"}).status == 403
    assert len(world.ids(ADMIN, unfiltered)) == 1
    old = world.call(ADMIN, "GET", "/services/data/v58.0/query", query={"q": unfiltered})
    assert old.code == "MALFORMED_QUERY"


def test_a_link_to_a_group_shares_with_its_members(world: World) -> None:
    """The team sees what is shared with the team."""
    version = row(world, upload(world).body["id"])
    body = {"ContentDocumentId": version["ContentDocumentId"], "LinkedEntityId": TEAM, "ShareType": "C"}
    assert world.call(ANN, "POST", "/sobjects/ContentDocumentLink", body).status == 201
    assert download(world, BEN, version["Id"])[0] == 200
    assert download(world, CAT, version["Id"])[0] == 404
    assert world.call(BEN, "PATCH", f"/sobjects/ContentVersion/{version['Id']}", {"Title": "Better"}).status == 204
    assert world.org.records["ContentDocument"][version["ContentDocumentId"]]["Title"] == "Better"


def test_a_second_link_is_a_duplicate(world: World) -> None:
    """A document is linked to a record once."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    body = {"ContentDocumentId": version["ContentDocumentId"], "LinkedEntityId": CASE_ANN}
    reply = world.call(ANN, "POST", "/sobjects/ContentDocumentLink", body)
    assert (reply.status, reply.code) == (400, "DUPLICATE_VALUE")


def test_versions_follow_each_other(world: World) -> None:
    """A second version becomes the latest; the first keeps its bytes; only the newest one names the document."""
    first = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    newer = {"PathOnClient": "notes.txt", "VersionData": base64.b64encode(b"new").decode(), "Title": "Notes"}
    made = upload(world, ContentDocumentId=first["ContentDocumentId"], **newer)
    second = row(world, made.body["id"])
    assert (second["VersionNumber"], second["FileType"], second["IsLatest"]) == ("2", "TEXT", True)
    assert row(world, first["Id"])["IsLatest"] is False
    assert download(world, ANN, first["Id"])[1] == PDF
    [found] = world.soql(ANN, "SELECT Title, LatestPublishedVersionId FROM ContentDocument WHERE Id != null").body[
        "records"
    ]
    assert (found["Title"], found["LatestPublishedVersionId"]) == ("Notes", second["Id"])
    assert world.soql(ANN, LINKS).body["totalSize"] == 1


def test_documents_are_made_and_unmade_whole(world: World) -> None:
    """No document without a version, no deletion of a version alone; a deleted document takes all along."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    made = world.call(ANN, "POST", "/sobjects/ContentDocument", {"Title": "x"})
    assert made.code == "INVALID_TYPE_FOR_OPERATION"
    gone = world.call(ADMIN, "DELETE", f"/sobjects/ContentVersion/{version['Id']}")
    assert gone.code == "INVALID_TYPE_FOR_OPERATION"
    assert world.call(ANN, "DELETE", f"/sobjects/ContentDocument/{version['ContentDocumentId']}").status == 204
    assert download(world, ANN, version["Id"])[0] == 404
    assert world.soql(ANN, LINKS).body["totalSize"] == 0


def test_the_path_of_the_bytes_has_the_version_of_the_request(world: World) -> None:
    """In a row, a query, below a parent, in a collection."""
    version = upload(world, FirstPublishLocationId=CASE_ANN).body["id"]
    old = "/services/data/v60.0"
    path = f"{old}/sobjects/ContentVersion/{version}/VersionData"
    assert world.call(ANN, "GET", f"{old}/sobjects/ContentVersion/{version}").body["VersionData"] == path
    query = {"q": f"SELECT VersionData FROM ContentVersion WHERE Id = '{version}'"}
    assert world.call(ANN, "GET", f"{old}/query", query=query).body["records"][0]["VersionData"] == path
    query = {"q": f"SELECT ContentDocument.LatestPublishedVersion.VersionData {LINKS[LINKS.index('FROM') :]}"}
    [link] = world.call(ANN, "GET", f"{old}/query", query=query).body["records"]
    assert link["ContentDocument"]["LatestPublishedVersion"]["VersionData"] == path
    body = {"ids": [version], "fields": ["VersionData"]}
    [read] = world.call(ANN, "POST", f"{old}/composite/sobjects/ContentVersion", body).body
    assert read["VersionData"] == path


def test_a_hidden_blob_is_not_served(world: World) -> None:
    """Field-level security on `VersionData` closes the resource too."""
    version = upload(world, FirstPublishLocationId=CASE_ANN).body["id"]
    world.org.hide_field(BOSS, "ContentVersion.VersionData")
    assert download(world, BOSS, version)[0] == 404
    assert download(world, ANN, version)[0] == 200


def test_mails_and_cases_with_files(world: World) -> None:
    """A file on an e-mail marks it and shows in a sub-query; a deleted record loses its links, the file stays."""
    version = upload(world, ADMIN, FirstPublishLocationId=MAIL_ANN).body["id"]
    fields = "HasAttachment, (SELECT ContentDocumentId FROM ContentDocumentLinks)"
    [mail] = world.soql(ANN, f"SELECT {fields} FROM EmailMessage WHERE Id = '{MAIL_ANN}'").body["records"]
    assert (mail["HasAttachment"], mail["ContentDocumentLinks"]["totalSize"]) == (True, 1)
    assert download(world, ANN, version)[0] == 200
    assert world.call(ADMIN, "DELETE", f"/sobjects/EmailMessage/{MAIL_ANN}").status == 204
    assert download(world, ANN, version)[0] == 404
    assert download(world, ADMIN, version)[0] == 200


def test_bytes_do_not_travel_in_composites(world: World) -> None:
    """VersionData and jobs are refused inside composite and batch."""
    version = row(world, upload(world, FirstPublishLocationId=CASE_ANN).body["id"])
    path = f"/sobjects/ContentVersion/{version['Id']}/VersionData"
    [part] = world.composite(ANN, ("a", "GET", path), all_or_none=False)
    assert (part["httpStatusCode"], part["body"][0]["errorCode"]) == (400, "INVALID_INPUT")
    [job] = world.composite(ANN, ("a", "GET", "/jobs/query"), all_or_none=False)
    assert job["httpStatusCode"] == 400


def multipart(record: object, data: bytes, boundary: str = "frontier") -> tuple[bytes, dict[str, str]]:
    """A body as the documentation shows it."""
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="entity_content"\r\n'
        "Content-Type: application/json\r\n\r\n"
        f"{json.dumps(record)}\r\n--{boundary}\r\n"
        'Content-Disposition: form-data; name="VersionData"; filename="a.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    return body, {"content-type": f'multipart/form-data; boundary="{boundary}"'}


def test_multipart_brings_any_bytes(world: World) -> None:
    """Line ends, zeros and things that look like a boundary arrive unchanged."""
    data = b"\r\n\r\n--frontie\r\n\x00\xff\r" + PDF
    body, headers = multipart({"Title": "raw", "PathOnClient": "a.bin", "FirstPublishLocationId": CASE_ANN}, data)
    made = world.call(ANN, "POST", "/sobjects/ContentVersion", body, headers=headers)
    assert made.status == 201, made.body
    assert download(world, ANN, made.body["id"])[1:] == (data, "application/octetstream")


def test_broken_multipart_is_refused() -> None:
    """No boundary, no end, no JSON, JSON of the wrong shape, a flood of parts."""
    world = World()
    whole, headers = multipart({"Title": "x"}, b"y")
    no_json = whole.replace(b"application/json", b"text/plain")
    flood = whole.replace(b"--frontier--", b"--frontier\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n" * 9)
    for body, content_type, code in (
        (whole, "multipart/form-data", "INVALID_MULTIPART_REQUEST"),
        (whole[:-20], headers["content-type"], "INVALID_MULTIPART_REQUEST"),
        (no_json, headers["content-type"], "INVALID_MULTIPART_REQUEST"),
        (flood, headers["content-type"], "INVALID_MULTIPART_REQUEST"),
        (b"", headers["content-type"], "INVALID_MULTIPART_REQUEST"),
        (multipart([1], b"y")[0], headers["content-type"], "JSON_PARSER_ERROR"),
        (multipart({"Title": "x", "VersionData": "y"}, b"z")[0], headers["content-type"], "REQUIRED_FIELD_MISSING"),
    ):
        reply = world.call(ANN, "POST", "/sobjects/ContentVersion", body, headers={"content-type": content_type})
        assert (reply.status, reply.code) == (400, code)


def test_describe_says_what_files_are(world: World) -> None:
    """`VersionData` is a base64 field; documents are not createable, versions not deletable, links have few fields."""
    version = world.call(ADMIN, "GET", "/sobjects/ContentVersion/describe").body
    [blob] = [field for field in version["fields"] if field["name"] == "VersionData"]
    assert (blob["type"], blob["soapType"], blob["filterable"]) == ("base64", "xsd:base64Binary", False)
    assert (version["createable"], version["deletable"]) == (True, False)
    assert world.call(ADMIN, "GET", "/sobjects/ContentDocument/describe").body["createable"] is False
    link = world.call(ANN, "GET", "/sobjects/ContentDocumentLink/describe").body
    assert "CreatedDate" not in {field["name"] for field in link["fields"]}


def test_files_can_be_loaded() -> None:
    """An import brings versions as base64; documents given along are kept, others are made; bad base64 is named."""
    given = mint("069", "5e0", 40)
    loaded: list[tuple[str, dict[str, Any]]] = [
        *records(),
        ("ContentDocument", {"Id": given, "Title": "old", "OwnerId": ANN}),
        ("ContentVersion", _loaded("b.txt", b"two", ContentDocumentId=given, VersionNumber="2")),
        ("ContentVersion", _loaded("a.txt", b"one", ContentDocumentId=given, VersionNumber="1")),
        ("ContentVersion", _loaded("c.html", b"<p>", FirstPublishLocationId=CASE_ANN)),
    ]
    world = World()
    world.org = Org.load(document(), loaded, FakeClock())
    documents = world.org.records["ContentDocument"]
    assert (len(documents), documents[given]["Title"]) == (2, "b")
    latest = documents[given]["LatestPublishedVersionId"]
    assert download(world, ANN, str(latest))[1] == b"two"
    assert world.soql(ANN, LINKS).body["totalSize"] == 1
    with pytest.raises(ValueError, match="VersionData is not base64"):
        Org.load(document(), [("ContentVersion", {"Title": "t", "PathOnClient": "t", "VersionData": "?"})], FakeClock())


def _loaded(path: str, data: bytes, **fields: object) -> dict[str, Any]:
    title = path.partition(".")[0]
    text = base64.b64encode(data).decode()
    return {"Title": title, "PathOnClient": path, "VersionData": text, "OwnerId": ANN, **fields}


def test_snapshots_keep_bytes(world: World) -> None:
    """Going back and forth between snapshots finds the bytes of each, even under a re-used id."""
    before = world.org.snapshot()
    first = upload(world, FirstPublishLocationId=CASE_ANN).body["id"]
    after = world.org.snapshot()
    world.org.restore(before)
    assert download(world, ANN, first)[0] == 404
    other = upload(world, VersionData=base64.b64encode(b"other").decode()).body["id"]
    assert (other, download(world, ANN, other)[1]) == (first, b"other")
    world.org.restore(after)
    assert download(world, ANN, first)[1] == PDF


def test_a_file_on_an_account_follows_the_account(world: World) -> None:
    """Ann reads the account of her case without editing it: she may open its files, and attach none."""
    version = upload(world, ADMIN, FirstPublishLocationId=ACME).body["id"]
    assert download(world, ANN, version)[0] == 200
    assert download(world, BEN, version)[0] == 404
    assert upload(world, ANN, FirstPublishLocationId=ACME).code == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
