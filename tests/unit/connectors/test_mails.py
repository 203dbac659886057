"""An e-mail draft on a case: to whom, from whom, and in which state; and when it is no draft any more."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from connectors.errors import Ambiguous, Fatal, Stale
from connectors.interfaces import PreImage, RecordRef, Target, TargetKind, Write, Written
from connectors.salesforce import mails, targets
from connectors.salesforce.describe import Shape
from connectors.salesforce.writing import Writer
from tests.unit.connectors.scripted import CASE_ID, NOT_FOUND, USER, Answer, Bench, composite, describe

VERSION = "2026-11-24T05:53:54.000+0000"
MAIL_ID = "02s000000000001AAA"
UNMARKED = PreImage(VERSION, None)
BODY = "Hello Carla,\n\nthe seal is on its way."
NAME = "<key-1@crm-sidecar.invalid>"
CASE: dict[str, Any] = {
    "Id": CASE_ID, "Subject": "Pump leaks", "Contact": {"Email": "carla@customer.example"},
    "SuppliedEmail": "web@customer.example", "LastModifiedDate": VERSION,
}  # fmt: skip
AUTHOR = {"Id": USER.id, "Email": "maya@acme.example", "Name": "Maya"}

Fields = Mapping[str, Mapping[str, tuple[str, ...]]]
FIELDS: Fields = {
    "Case": {"Id": (), "Subject": (), "SuppliedEmail": (), "ContactId": ("Contact", "Contact")},
    "Contact": {"Id": (), "Email": ()},
    "User": {"Id": (), "Email": (), "Name": ()},
    "EmailMessage": dict.fromkeys(
        (*mails.REQUIRED, mails.IDENTIFIER, "FromAddress", "FromName", "IsPrivateDraft", "AutomationType"), ()
    ),
}


class Org:
    """An org without our package: fields by object, one row of each object, and what was written."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]], fields: Fields = FIELDS) -> None:
        self._rows = rows
        self._fields = fields
        self.writes: list[list[dict[str, Any]]] = []

    def writer(self) -> Writer:
        """The writing half of a session here."""
        bench = Bench(self)
        return Writer(bench.client, bench.schema, USER)

    def __call__(self, method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        """A composite request: all or none is a write."""
        if body["allOrNone"]:
            self.writes.append(body["compositeRequest"])
        return composite(self._sub)(method, url, body)

    def _sub(self, sub: Mapping[str, Any]) -> Answer:
        if "describe" in sub["url"]:
            name = sub["referenceId"]
            return describe(name, self._fields[name]) if name in self._fields else NOT_FOUND
        if "query" not in sub["url"]:
            return 201, {"id": MAIL_ID, "success": True}
        asked = unquote(sub["url"])
        row = next((row for name, row in self._rows.items() if f" FROM {name} " in asked), None)
        shown = [{key: value for key, value in row.items() if key in asked}] if row else []
        return 200, {"records": shown, "done": True, "totalSize": len(shown)}


def make(subject: str = "About your pump") -> Write:
    """A draft for the case."""
    target = Target(TargetKind.EMAIL_DRAFT, "", "", undoable=True)
    values = ({"subject": subject, "body": BODY},)
    return Write("key-1", RecordRef("salesforce", "Case", CASE_ID), VERSION, target, values)


def mailed(case: Mapping[str, Any], fields: Fields = FIELDS, subject: str = "About your pump") -> dict[str, Any]:
    """The e-mail that is created for a user who sees these fields."""
    mail = {"Id": MAIL_ID, "LastModifiedDate": VERSION}
    org = Org({"Case": case, "User": AUTHOR, "EmailMessage": mail}, fields)
    assert org.writer().write(make(subject), UNMARKED) == Written((MAIL_ID,), (VERSION,))
    (subs,) = org.writes
    assert [sub["referenceId"] for sub in subs] == ["unchanged", "create0", "stamps"]
    made: dict[str, Any] = subs[1]["body"]
    return made


def test_a_draft_goes_to_the_cases_contact_from_its_author() -> None:
    """Private, marked as made with assistance, and in the state that only its author sees; nothing is sent."""
    assert mailed(CASE) == {
        "ParentId": CASE_ID, "RelatedToId": CASE_ID, "Incoming": False, "Status": "5", "Subject": "About your pump",
        "TextBody": BODY, "ToAddress": "carla@customer.example", "FromAddress": "maya@acme.example",
        "FromName": "Maya", "IsPrivateDraft": True, "MessageIdentifier": NAME, "AutomationType": "AiAssisted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("about", "subject"), [("Pump leaks", "Re: Pump leaks"), ("RE: Pump leaks", "RE: Pump leaks"), (None, "Re: ")]
)
def test_a_draft_without_a_subject_answers_the_cases(about: str | None, subject: str) -> None:
    """As a mail program would, and once."""
    assert mailed({**CASE, "Subject": about}, subject="")["Subject"] == subject


def test_a_draft_is_addressed_as_far_as_its_author_sees() -> None:
    """The address from the web form when there is no contact; none when she may see neither."""
    assert mailed({**CASE, "Contact": None})["ToAddress"] == "web@customer.example"
    blind = {**FIELDS, "Case": {"Id": (), "Subject": ()}}
    assert "ToAddress" not in mailed(CASE, blind)


def test_a_draft_from_an_unknown_address_is_not_private() -> None:
    """Salesforce takes a private one from an address of the user's only; API versions differ in what they label."""
    unknown = {**FIELDS, "User": {"Id": (), "Name": ()}}
    assert not {"FromAddress", "FromName", "IsPrivateDraft"} & mailed(CASE, unknown).keys()
    old = {**FIELDS, "EmailMessage": dict.fromkeys((*mails.REQUIRED, mails.IDENTIFIER), ())}
    assert not {"FromAddress", "FromName", "IsPrivateDraft", "AutomationType"} & mailed(CASE, old).keys()


def test_a_draft_without_a_place_for_its_key_is_refused() -> None:
    """A text for a customer carries none, so that a lost answer could never be found out; it is not offered either."""
    bare = {**FIELDS, "EmailMessage": dict.fromkeys(mails.REQUIRED, ())}
    org = Org({"Case": CASE, "User": AUTHOR}, bare)
    with pytest.raises(Fatal):
        org.writer().write(make(), UNMARKED)
    assert org.writes == []
    for fields, offered in ((bare, False), (FIELDS, True)):
        shapes = {name: Shape.parse(describe(name, of)[1]) for name, of in fields.items()}
        kinds = {target.kind for target in targets.available(make().record, shapes)}
        assert (TargetKind.EMAIL_DRAFT in kinds) is offered


def test_a_draft_is_found_by_its_name_even_when_its_author_has_edited_it() -> None:
    """And no other message is, however much it looks like it."""
    since = datetime.now(UTC) - timedelta(minutes=5)
    mail = {"Id": MAIL_ID, "LastModifiedDate": VERSION, "TextBody": "Better words.", "MessageIdentifier": NAME}
    found = Org({"EmailMessage": mail}).writer().find(make(), UNMARKED, since)
    assert found == Written((MAIL_ID,), (VERSION,))
    for other in ({"MessageIdentifier": None, "TextBody": BODY}, {"MessageIdentifier": "<key-10@crm-sidecar.invalid>"}):
        with pytest.raises(Ambiguous):
            Org({"EmailMessage": {**mail, **other}}).writer().find(make(), UNMARKED, since)


@pytest.mark.parametrize(
    ("row", "own"),
    [
        ({"Incoming": False, "MessageIdentifier": NAME}, True),
        ({"Incoming": True, "MessageIdentifier": NAME}, False),  # forged: whoever writes to us may call it anything
        ({"MessageIdentifier": NAME}, False),
        ({"Incoming": False, "MessageIdentifier": "<key-1@crm-sidecar.invalid.example>"}, False),
        ({"Incoming": False, "MessageIdentifier": None}, False),
    ],
)
def test_what_was_drafted_here_is_known_by_its_name(row: Mapping[str, Any], own: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Also on a contact or an account, and without our package."""
    assert mails.is_own(row) is own


@pytest.mark.parametrize("status", ["3", "0", None])
def test_a_draft_that_was_sent_is_not_deleted(status: str | None) -> None:
    """Not even when its text is what we wrote and its stamp did not move."""
    mail = {"Id": MAIL_ID, "LastModifiedDate": VERSION, "TextBody": BODY, "Status": status}
    org = Org({"EmailMessage": mail, "Case": CASE})
    with pytest.raises(Stale):
        org.writer().undo(make(), UNMARKED, Written((MAIL_ID,), (VERSION,)))
    assert org.writes == []


def test_an_unchanged_draft_is_deleted_unless_it_is_being_sent() -> None:
    """In one request that fails as a whole when it was changed or sent after the look."""
    mail = {"Id": MAIL_ID, "LastModifiedDate": VERSION, "TextBody": BODY, "Status": "5"}
    org = Org({"EmailMessage": mail, "Case": CASE})
    org.writer().undo(make(), UNMARKED, Written((MAIL_ID,), (VERSION,)))
    ((still, delete),) = org.writes
    assert (still["method"], still["url"]) == ("GET", f"/services/data/v66.0/sobjects/EmailMessage/{MAIL_ID}?fields=Id")
    assert still["httpHeaders"] == {"If-Unmodified-Since": "Tue, 24 Nov 2026 05:53:54 GMT"}
    assert (delete["method"], delete["url"]) == ("DELETE", f"/services/data/v66.0/sobjects/EmailMessage/{MAIL_ID}")
